#!/bin/sh
# Docker Desktop on this Mac asks for an account that is a member of one of these organizations.
# Run it as root, as often as you like. A configuration profile is stronger still, where you have
# device management.
#
#   sudo sh enforce-mac.sh                  write desktop.plist (Docker Desktop 4.32 or later)
#   sudo sh enforce-mac.sh registry.json    write registry.json instead (Docker Desktop 4.0 or later)
#   sudo sh enforce-mac.sh undo             remove both: Docker Desktop asks nobody any more
#
# Either way only administrators may change the file, and it is read back. With DESTDIR=/Volumes/image
# it is written below that folder, for machines that are built as an image.
# Exit status: 0 done, or nothing to do; 1 not done, and why; 2 wrong usage; 3 not root.
set -euf
PATH=/usr/sbin:/usr/bin:/sbin:/bin
LC_ALL=C
export PATH LC_ALL
umask 022
DESTDIR=${DESTDIR:-}
# The group `admin`, which has this number on every Mac.
group_id=80

plist_file=$DESTDIR@MAC_PLIST@
json_file=$DESTDIR@MAC_FILE@
plist=@DESKTOP_PLIST@
json=@REGISTRY_JSON@

@include place.sh@

case ${1:-desktop.plist} in
desktop.plist) place "$plist_file" "$plist" ;;
registry.json) place "$json_file" "$json" ;;
undo)
    remove "$plist_file"
    remove "$json_file"
    ;;
*) fail "I know no '$1': say desktop.plist, registry.json, undo, or nothing." 2 ;;
esac

#!/bin/sh
# Docker Desktop on this Linux machine asks for an account that is a member of one of these
# organizations. Run it as root, as often as you like.
#
#   sudo sh enforce-linux.sh         write the file, which only root may change, and read it back
#   sudo sh enforce-linux.sh undo    remove it: Docker Desktop asks nobody any more
#
# With DESTDIR=/mnt/image it does so below that folder, for machines that are built as an image.
# Exit status: 0 done, or nothing to do; 1 not done, and why; 2 wrong usage; 3 not root.
set -euf
PATH=/usr/sbin:/usr/bin:/sbin:/bin
LC_ALL=C
export PATH LC_ALL
umask 022
DESTDIR=${DESTDIR:-}
group_id=0

file=$DESTDIR@LINUX_FILE@
text=@REGISTRY_JSON@

@include place.sh@

case ${1:-} in
'') place "$file" "$text" ;;
undo) remove "$file" ;;
*) fail "I know no '$1': say undo, or nothing." 2 ;;
esac

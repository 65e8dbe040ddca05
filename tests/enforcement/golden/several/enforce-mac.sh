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

plist_file=$DESTDIR'/Library/Application Support/com.docker.docker/desktop.plist'
json_file=$DESTDIR'/Library/Application Support/com.docker.docker/registry.json'
plist='<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
	<key>allowedOrgs</key>
	<array>
		<string>globex</string>
		<string>acme-at-hub</string>
		<string>big_bank</string>
	</array>
</dict>
</plist>
'
json='{"allowedOrgs":["globex","acme-at-hub","big_bank"]}'

say() { printf '%s\n' "$1"; }
fail() {
    printf '%s: %s\n' "${0##*/}" "$1" >&2
    exit "${2:-1}"
}

# Mode, user and group of a file: `ls` shows them alike on Linux and on a Mac.
look() { ls -ldn "$1" | { read -r mode _ user group _ && say "$mode $user $group"; }; }

# Whoever may write to a folder may put another file in this one's place. So no folder on the way
# to it may be a user's; the last is ours to mend.
guard_folder() {
    if [ -L "$1" ] || { [ -e "$1" ] && [ ! -d "$1" ]; }; then
        fail "$1 is not a folder, but something else in its place. Remove it first."
    fi
    mkdir -p "$1" 2>/dev/null || fail "$1 can't be made. Is the disk writable?"
    above=${1%/*}
    while [ -n "$above" ] && [ "$above" != "$DESTDIR" ]; do
        case $(look "$above") in
        d????-??-*' 0 '* | d????w??-*" 0 $group_id") ;;
        *) fail "$above belongs to users, or they may write to it. Mend that first: sudo ls -ld '$above'" ;;
        esac
        above=${above%/*}
    done
    chown "0:$group_id" "$1" || fail "$1 can't be given to root."
    chmod 755 "$1" || fail "$1 can't be protected."
}

# Whether the file holds exactly this text, and only root may change it.
is_right() {
    [ -f "$1" ] && [ ! -L "$1" ] || return 1
    case $(look "$1") in
    "-rw-r--r-- 0 $group_id" | "-rw-r--r--"[.@]" 0 $group_id") printf '%s' "$2" | cmp -s - "$1" ;;
    *) return 1 ;;
    esac
}

# Writes the file anew unless it is right, in one step: nobody reads half of it.
place() {
    guard_folder "${1%/*}"
    [ ! -d "$1" ] || fail "$1 is a folder. Remove it first."
    if is_right "$1" "$2"; then
        say "$1 is as it should be already."
        return
    fi
    new=$(mktemp "${1%/*}/.new.XXXXXX") || fail "${1%/*} can't be written to. Is the disk writable?"
    trap 'rm -f "$new"' EXIT
    if ! printf '%s' "$2" >"$new" || ! chown "0:$group_id" "$new" || ! chmod 644 "$new" ||
        ! mv -f "$new" "$1"; then
        fail "$1 can't be written. Is the disk writable, or full?"
    fi
    is_right "$1" "$2" || fail "$1 was written, but is not as it should be: sudo ls -l '$1'"
    say "$1 is written."
}

remove() {
    rm -f "$1" || fail "$1 can't be removed."
    say "$1 is not there any more."
}

[ $# -le 1 ] || fail "one word at most, please." 2
[ "$(id -u)" = 0 ] || fail "run this as root: sudo sh $0" 3
[ -z "$DESTDIR" ] || [ -d "$DESTDIR" ] || fail "DESTDIR is $DESTDIR, and there is no such folder." 2

case ${1:-desktop.plist} in
desktop.plist) place "$plist_file" "$plist" ;;
registry.json) place "$json_file" "$json" ;;
undo)
    remove "$plist_file"
    remove "$json_file"
    ;;
*) fail "I know no '$1': say desktop.plist, registry.json, undo, or nothing." 2 ;;
esac

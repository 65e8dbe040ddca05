#!/bin/sh
# What Docker Desktop on this Mac reads, whether it says what it should, and whether only
# administrators may change it. It changes nothing. Anybody may run it.
#
#   sh verify-mac.sh
#   sh verify-mac.sh --hubadmin https://hubadmin.example.com --token-file token
#
# The second also asks Hubadmin whether the organizations exist; the token is an organization's, with
# the scope repo:admin, or a registry's credential. DESTDIR=/Volumes/image looks below that folder instead.
#
# Exit status: 0 enforced; 1 not enforced; 2 what counts is malformed, or for other organizations;
# 3 users may change it; 4 something could not be looked at; 64 wrong usage. The smallest but 0.
set -uf
PATH=/usr/sbin:/usr/bin:/sbin:/bin
LC_ALL=C
export PATH LC_ALL
DESTDIR=${DESTDIR:-}
group_id=80 # admin
list_acl='ls -lde'
expected=@ORGANIZATIONS@

@include verify.sh@

# A property list as XML. Device management writes binary ones, which only a Mac's own tool reads.
as_xml() {
    if command -v plutil >/dev/null; then
        plutil -convert xml1 -o - "$1" 2>/dev/null
    elif [ "$(head -c 6 "$1")" = bplist ]; then
        return 4
    else
        # A comment could hide what it seems to hold.
        grep -q '<!--' "$1" && return 4
        cat "$1"
    fi
}

# Prints the strings of allowedOrgs: of an array, or else the one string, whole.
plist_organizations() { # plist_organizations FILE array|string
    unread=0
    xml=$(as_xml "$1") || unread=$?
    case $unread in
    0) ;;
    4) say "It is binary, or has comments, and there is no plutil to read it with." && return 4 ;;
    *) say "It is not a property list." && return 1 ;;
    esac
    say "$xml" | awk -v want="$2" '
        BEGIN { RS = "<"; kind = ""; keys = 0; count = 0 }
        /^key>/ { here = ($0 ~ /^key>allowedOrgs$/); keys += here; next }
        here && /^array>/ { kind = "array"; next }
        here && /^string>/ { if (kind == "") kind = "string"; value[++count] = substr($0, 8) }
        here && kind == "array" && !/^\/?(array|string)>/ { kind = "other"; here = 0 }
        /^plist / { is_plist = 1 }
        /^\/array>/ { here = 0 }
        /^\/string>/ { if (kind == "string") here = 0 }
        function wrong(sentence) { print sentence; exit 1 }
        END {
            if (!is_plist) wrong("It is not a property list.")
            if (keys != 1) wrong("It has no key allowedOrgs, or more than one.")
            if (kind != want) wrong("Its allowedOrgs is no " want ".")
            if (count == 0) wrong("It names no organization.")
            for (i = 1; i <= count; i++) if (value[i] !~ /^[^ \t\r\n]+$/) wrong("An entry is empty, or has a space.")
            for (i = 1; i <= count; i++) print value[i]
        }'
}

plist_array() { plist_organizations "$1" array; }
profile_string() {
    listed=$(plist_organizations "$1" string) || { failed=$? && say "$listed" && return "$failed"; }
    case ";$listed;" in
    *';;'*) say "An entry is empty." && return 1 ;;
    esac
    say "$listed" | tr ';' '\n'
}

place 'configuration profile' "$DESTDIR"@MAC_MANAGED@ profile_string
place desktop.plist "$DESTDIR"@MAC_PLIST@ plist_array
place registry.json "$DESTDIR"@MAC_FILE@ json_organizations
conclude

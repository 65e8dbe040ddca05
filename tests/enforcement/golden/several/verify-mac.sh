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
expected='globex acme-at-hub big_bank'

say() { printf '%s\n' "$1"; }
# What comes out of a file may hold anything, also what a terminal would obey.
harmless() { tr -c '[:print:]\n' '?'; }

usage() {
    printf 'Usage: sh %s [--hubadmin ADDRESS --token-file FILE]\n' "${0##*/}" >&2
    exit 64
}

hubadmin='' token_file=''
while [ $# -gt 0 ]; do
    [ $# -ge 2 ] || usage
    case $1 in
    --hubadmin) hubadmin=${2%/} ;;
    --token-file) token_file=$2 ;;
    *) usage ;;
    esac
    shift 2
done
if [ -n "$hubadmin$token_file" ] && { [ -z "$hubadmin" ] || [ ! -r "$token_file" ]; }; then
    usage
fi

# The number of the place, whether one that counts was found, and the worst that was found: 2 wrong,
# 3 changeable, 4 unknown. 2 is the worst.
number=0 counts='' names='' status=0
problem() {
    say "   Problem: $2"
    [ "$status" != 0 ] && [ "$status" -le "$1" ] || status=$1
}

# --- What the place says ---------------------------------------------------------------------

# Prints the organizations in a registry.json, one a line; else says what is wrong with it, and fails.
json_organizations() {
    case $(od -An -tx1 -N3 "$1" | tr -d ' \n') in
    efbbbf) say "It begins with a byte order mark. Save it as UTF-8 without one." && return 1 ;;
    fffe* | feff*) say "It is UTF-16. Save it as UTF-8 without a byte order mark." && return 1 ;;
    esac
    if ! tr -d '\000' <"$1" | cmp -s - "$1"; then
        say "It holds null characters, so it is not JSON."
        return 1
    fi
    awk '
        BEGIN { RS = "\001"; count = 0; types = "" }
        {
            text = $0
            while (text != "") {
                if (match(text, /^[ \t\r\n]+/)) { }
                else if (match(text, /^"([^"\\]|\\.)*"/)) {
                    types = types "s"
                    value[++count] = substr(text, 2, RLENGTH - 2)
                }
                else if (match(text, /^[-+.0-9A-Za-z]+/)) types = types "x"
                else if (match(text, /^[][{}:,]/)) types = types substr(text, 1, 1)
                else { types = types "?"; break }
                text = substr(text, RLENGTH + 1)
            }
        }
        function wrong(sentence) { print sentence; bad = 1; exit 1 }
        END {
            if (bad) exit 1
            if (types == "") wrong("It is empty.")
            if (types ~ /,[]}]/) wrong("It is not JSON: a comma comes last.")
            if (types ~ /[?]/ || types !~ /^[{].*[}]$/) wrong("It is not JSON of the form {\"allowedOrgs\":[\"acme\"]}.")
            if (types == "{}" || (types ~ /^[{]s:/ && value[1] != "allowedOrgs")) wrong("It has no key allowedOrgs, or another one before it.")
            if (types == "{s:[]}") wrong("It names no organization.")
            if (types ~ /^[{]s:[[][sx,]*x[sx,]*[]][}]$/) wrong("An entry is not a string.")
            if (types !~ /^[{]s:[[]s(,s)*[]][}]$/) wrong("It is not of the form {\"allowedOrgs\":[\"acme\"]}.")
            for (i = 2; i <= count; i++) if (value[i] !~ /^[^ \t\r\n]+$/) wrong("An entry is empty, or has a space.")
            for (i = 2; i <= count; i++) print value[i]
        }' "$1"
}

# Judges names that come one a line: their form, and whether they are those of this script.
judge_names() {
    seen=''
    for name in $names; do
        case $name in
        *[A-Z]*) problem 2 "$name has upper-case letters; Docker Desktop compares letter by letter." ;;
        *[!a-z0-9_-]* | [_-]* | *[_-] | *[_-][_-]* | ? | ???????????????????????????????*)
            problem 2 "$name can't be the name of an organization."
            ;;
        esac
        case " $seen " in
        *" $name "*) problem 2 "$name is there twice." ;;
        esac
        seen="$seen $name"
    done
    [ "$(say "$names" | sort)" = "$(say "$expected" | tr ' ' '\n' | sort)" ] ||
        problem 2 "It should be for: $(say "$expected" | sed 's/ /, /g')."
}

# --- Who may change it ------------------------------------------------------------------------

# A file is only as safe as each folder on the way to it: whoever may write there may replace it.
judge_protection() {
    there=$1
    while [ -n "$there" ] && [ "$there" != "$DESTDIR" ]; do
        line=$(ls -ldn "$there") || line=''
        case $(say "$line" | { read -r mode _ user group _ && say "$mode $user $group"; }) in
        l*) problem 3 "$there is a link, which whoever made it may turn elsewhere." ;;
        ?????-??-*' 0 '* | ?????w??-*" 0 $group_id" | ?????w??-*' 0 0' | d????????[tT]*' 0 '*) ;;
        ????????*' 0 '*) problem 3 "Users may write to $there: $(say "$line" | cut -c 1-10)" ;;
        *) problem 3 "$there belongs to a user, not to root." ;;
        esac
        case ${line%% *} in
        *+) problem 4 "$there has an access control list. See who may write: $list_acl '$there'" ;;
        esac
        there=${there%/*}
    done
}

# --- The places, one after the other ------------------------------------------------------------

# Tells what a place says, and judges it if none before it was there. The reader prints the
# organizations, one a line; or it fails, with 1 and what is wrong, with 4 and why it can't tell.
place() { # place TITLE FILE READER
    number=$((number + 1))
    if [ ! -e "$2" ] && [ ! -L "$2" ]; then
        say "$number. $1: not there."
    elif [ -n "$counts" ]; then
        say "$number. $1: there, but not read. The $counts comes first."
    else
        counts=$1
        say "$number. $1: this one counts. $2"
        if [ ! -f "$2" ]; then
            problem 2 "It is no file."
        elif [ ! -r "$2" ]; then
            problem 4 "You may not read it. Run this as root."
        elif [ "$(wc -c <"$2")" -gt 65536 ]; then
            problem 2 "It is larger than 64 KiB."
        else
            read_place "$2" "$3"
        fi
        judge_protection "$2"
    fi
}

read_place() {
    failed=0
    names=$("$2" "$1") || failed=$?
    names=$(say "$names" | harmless)
    case $failed in
    0)
        # shellcheck disable=SC2086  # one word for each name
        say "   Organizations:$(printf ' %s' $names)"
        judge_names
        ;;
    4) problem 4 "$names" ;;
    *) problem 2 "$names" ;;
    esac
    [ "$failed" = 0 ] || names=''
}

# --- What Hubadmin knows ------------------------------------------------------------------------

# Asks whether the organizations exist. The token goes by a pipe: other users see a program's words.
ask_hubadmin() {
    listed=$(say "$names" | sed 's/[\\"]/?/g; s/.*/"&"/' | tr '\n' ',')
    question=$(printf '{"subject":{"type":"anonymous","id":"verify"},"action":{"name":"sign_in"},"resource":{"type":"machine","id":"verify","properties":{"allowedOrgs":[%s]}}}' "${listed%,}")
    if ! command -v curl >/dev/null; then
        problem 4 "There is no curl to ask $hubadmin with."
        return
    fi
    answer=$(
        printf 'header = "Authorization: Bearer %s"\n' "$(cat "$token_file")" |
            curl --config - --silent --show-error --fail --max-time 20 \
                --header 'Content-Type: application/json' --data "$question" \
                "$hubadmin/access/v1/evaluation" 2>&1
    ) || {
        problem 4 "$hubadmin did not answer: $(say "$answer" | harmless)"
        return
    }
    case $answer in
    *'"findings":'*) ;;
    *) problem 4 "$hubadmin answered something else than whether the organizations exist." && return ;;
    esac
    unknown=$(say "$answer" | grep -Eo '"message": *"([^"\\]|\\.)*"' | sed 's/^"message": *"//; s/"$//; s/\\"//g')
    if [ -n "$unknown" ]; then
        problem 2 "$hubadmin says: $(say "$unknown" | harmless | tr '\n' ' ')"
    else
        say "   $hubadmin knows them."
    fi
}

# --- The result ---------------------------------------------------------------------------------

conclude() {
    if [ -z "$counts" ]; then
        say "Not enforced: anybody may use Docker Desktop, signed in or not."
        exit 1
    fi
    [ -z "$hubadmin" ] || [ -z "$names" ] || ask_hubadmin
    case $status in
    0) say "Enforced, and only administrators may change it." ;;
    2) say "Wrong: people may be kept out who should come in, or the other way round." ;;
    3) say "Enforced, but users may change it." ;;
    *) say "Not known: something could not be looked at." ;;
    esac
    exit "$status"
}

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

place 'configuration profile' "$DESTDIR"'/Library/Managed Preferences/com.docker.config.plist' profile_string
place desktop.plist "$DESTDIR"'/Library/Application Support/com.docker.docker/desktop.plist' plist_array
place registry.json "$DESTDIR"'/Library/Application Support/com.docker.docker/registry.json' json_organizations
conclude

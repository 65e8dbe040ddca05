#!/bin/sh
# What Docker Desktop on this Linux machine reads, whether it says what it should, and whether only
# root may change it. It changes nothing. Anybody may run it.
#
#   sh verify-linux.sh
#   sh verify-linux.sh --hubadmin https://hubadmin.example.com --token-file token
#
# The second also asks Hubadmin whether the organizations exist; the token is an organization's, with
# the scope repo:admin, or a registry's credential. DESTDIR=/mnt/image looks below that folder instead.
#
# Exit status: 0 enforced; 1 not enforced; 2 what counts is malformed, or for other organizations;
# 3 users may change it; 4 something could not be looked at; 64 wrong usage. The smallest but 0.
set -uf
PATH=/usr/sbin:/usr/bin:/sbin:/bin
LC_ALL=C
export PATH LC_ALL
DESTDIR=${DESTDIR:-}
group_id=0
list_acl=getfacl
expected=@ORGANIZATIONS@

@include verify.sh@

place registry.json "$DESTDIR"@LINUX_FILE@ json_organizations
conclude

"""Requests that come again in the same words, which build machines send all day.

A route that lists in `reads` what its answers are made from, beside method, address, query and
body, is handed nothing else; so the same words get the same answer as long as the same facts hold,
which `permissions.reading` sees to. What is to be done each time (the pull log's line, when a
credential was last used) is done each time.
"""

import secrets
from collections.abc import Hashable
from hashlib import blake2b

from django.utils import timezone

from permissions.reading import (
    at_one_moment,
    not_to_be_remembered,
    remembered,
    remembered_answer,
)
from registries.http import Answer, Request, Route, Unfinished

LONGEST_BODY = 4096
ANSWER_BYTES = 2500
"""About what an answer takes that is remembered, beside the words that it answers."""

# Headers hold credentials, of which nothing may be left in memory. The key is this process' own.
_keyed = blake2b(key=secrets.token_bytes(32), digest_size=16)
_ABSENT = "\r"  # which no header's value can be


def answer(route: Route, request: Request) -> Answer:
    """A route's answer, all as of one moment. Raises what its handler does, and `NotYetKnown`."""
    handled = _handled(route, request)
    return handled if isinstance(handled, Answer) else handled.finish(timezone.now())


def _handled(route: Route, request: Request) -> Answer | Unfinished:
    if not route.reads or len(request.body) > LONGEST_BODY:
        return at_one_moment(lambda: route.handle(request), request)
    words = _words(route, request)
    found: Answer | Unfinished | None = remembered_answer(words, request)
    if found is not None:
        return found
    size = ANSWER_BYTES + len(request.body)
    return at_one_moment(lambda: remembered(words, size, lambda: _made(route, request)), request)


def _made(route: Route, request: Request) -> Answer | Unfinished:
    handled = route.handle(request._replace(headers=request.headers.only(route.reads)))
    if isinstance(handled, Answer) and handled.status != 200:
        not_to_be_remembered()  # or whoever has no credential could fill the memory
    return handled


def _words(route: Route, request: Request) -> Hashable:
    digest = _keyed.copy()
    digest.update("\n".join(request.headers.all_of(route.reads, _ABSENT)).encode())
    return request.method, request.path, request.query, request.body, digest.digest()

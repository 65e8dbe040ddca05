"""Pages of AuthZEN's searches.

A page's token names the last result looked at and is signed together with the question, so that
it goes on with that question alone.
"""

import base64
import binascii
import hmac
import json
from collections.abc import Callable, Sequence
from typing import Annotated, Any

import msgspec

from orgs.data_key import keyed_hash
from registries.authzen_request import Refused

MOST_RESULTS = 100
# Each takes a look at what they may do: more of them in one request would take too long. A page
# may so be short, or empty, and still have a next one.
MOST_LOOKED_AT = 200

Question = Sequence[str | None]
NamesAfter = Callable[[str, int], Sequence[str]]


class Page(msgspec.Struct):
    """Which page is asked for. `limit` is lowered to `MOST_RESULTS`."""

    limit: Annotated[int, msgspec.Meta(ge=1)] = MOST_RESULTS
    token: str = ""


def page_of(
    page: Page,
    question: Question,
    names_after: NamesAfter,
    allowed: Callable[[str], bool],
    result: Callable[[str], dict[str, str]],
) -> dict[str, Any]:
    """The response with the names that are allowed, as results.

    `names_after(name, most)` gives the names that follow in order. Raises `Refused` for a token
    that is none of this question.
    """
    after, limit = _last_name(page.token, question), min(page.limit, MOST_RESULTS)
    found: list[str] = []
    next_token = ""
    for looked_at, name in enumerate(names_after(after, MOST_LOOKED_AT + 1)):
        if looked_at == MOST_LOOKED_AT or len(found) == limit:
            next_token = _token(after, question)
            break
        if allowed(name):
            found.append(name)
        after = name
    return {
        "results": [result(name) for name in found],
        "page": {"next_token": next_token, "count": len(found)},
    }


def _token(name: str, question: Question) -> str:
    encoded = base64.urlsafe_b64encode(name.encode()).decode().rstrip("=")
    return f"{encoded}.{_signature(name, question)}"


def _last_name(token: str, question: Question) -> str:
    if not token:
        return ""
    encoded, _, signature = token.partition(".")
    try:
        name = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).decode()
    except (binascii.Error, ValueError):
        name = ""
    if not hmac.compare_digest(signature.encode(), _signature(name, question).encode()):
        raise Refused(400, "The page.token is none of this search. Leave it out to begin again.")
    return name


def _signature(name: str, question: Question) -> str:
    return keyed_hash("search page", json.dumps([*question, name]))[:32]

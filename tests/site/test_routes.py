"""Every URL, and what each kind of visitor gets there.

A route that has no row here fails the suite, and so does a row whose route is gone.
"""

import re
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from hubadmin.routes import site_routes
from orgs.actor import Actor
from orgs.guards import Guard
from orgs.operations import deactivate_user
from registries.routes import ROUTES
from tests.conftest import NewVisitor, named_user

TABLE = Path(__file__).parent.parent / "cases" / "routes.md"
VISITORS = ("anonymous", "outsider", "member", "owner", "suspended", "registry")
PEOPLE = {"outsider": "nina", "member": "mel", "owner": "olivia", "suspended": "gus"}


def rows() -> dict[tuple[str, str], list[str]]:
    """The table's rows: (method, pattern) and what each visitor gets."""
    found = {}
    for line in TABLE.read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 2 + len(VISITORS) and re.match(r"[A-Z]+$", cells[0]):
            found[cells[0], cells[1].strip("`")] = cells[2:]
    return found


def all_patterns() -> set[str]:
    return {route.pattern for route in site_routes()} | {path[1:] for path in ROUTES}


def test_every_route_states_a_guard() -> None:
    unguarded = [route.pattern for route in site_routes() if not isinstance(route.guard, Guard)]
    assert unguarded == []
    assert all(isinstance(route.guard, Guard) for route in ROUTES.values())


def test_every_route_has_a_row_and_every_row_a_route() -> None:
    described = {pattern for _, pattern in rows()}
    assert described == all_patterns()


@pytest.mark.parametrize("visitor_kind", VISITORS)
def test_what_each_visitor_gets(
    visitor_kind: str,
    visitor: NewVisitor,
    signed_in: Callable[[str], httpx.Client],
    demo: dict[str, str],
) -> None:
    client = _client(visitor_kind, visitor, signed_in, demo)
    client.get("/accounts/password/reset/")
    client.headers["X-CSRFToken"] = client.cookies["csrftoken"]
    column = VISITORS.index(visitor_kind)
    wrong = {}
    for (method, pattern), cells in rows().items():
        answer = client.request(method, _url(pattern))
        if str(answer.status_code) != cells[column]:
            wrong[method, pattern] = f"{answer.status_code} instead of {cells[column]}"
        assert answer.status_code < 500, f"{method} {pattern}: {answer.text}"
    assert wrong == {}


def test_organizations_that_exist_look_like_those_that_do_not(
    visitor: NewVisitor, signed_in: Callable[[str], httpx.Client]
) -> None:
    anonymous, nina = visitor(), signed_in("nina")
    for route in site_routes():
        if not route.pattern.startswith("orgs/"):
            continue
        real = _url(route.pattern)
        unreal = real.replace("/acme/", "/nowhere/")
        for client in (anonymous, nina):
            one, other = client.get(real), client.get(unreal)
            assert one.status_code == other.status_code
            assert _without_names(one) == _without_names(other)


@pytest.mark.parametrize(
    "path", ["", "a/", "ACME/", "acme/nope/", "acme/no/pe/", "nowhere/nope/", "é/", "a%0ab/", "/"]
)
def test_p1_strangers_sign_in_before_they_learn_that_there_is_no_page(
    visitor: NewVisitor, signed_in: Callable[[str], httpx.Client], path: str
) -> None:
    answer = visitor().get(f"/orgs/{path}")
    assert answer.status_code == 302
    assert answer.headers["location"].startswith("/accounts/login/?next=/orgs/")
    assert signed_in("olivia").get(f"/orgs/{path}").status_code == 404


def test_an_address_without_its_last_slash_leads_to_the_page(
    signed_in: Callable[[str], httpx.Client],
) -> None:
    assert signed_in("olivia").get("/orgs/acme").headers["location"] == "/orgs/acme/"


def _without_names(answer: httpx.Response) -> str:
    text = answer.text + answer.headers.get("location", "")
    return re.sub(r"acme|nowhere|csrfmiddlewaretoken\" value=\"\w+", "", text)


def _client(
    kind: str,
    visitor: NewVisitor,
    signed_in: Callable[[str], httpx.Client],
    demo: dict[str, str],
) -> httpx.Client:
    if kind == "anonymous":
        return visitor()
    if kind == "registry":
        return visitor(Authorization=f"Bearer {demo['ACME_REGISTRY_TOKEN']}")
    if kind == "suspended":
        # A session from before, of a member who has been deactivated since.
        client = signed_in("mel")
        deactivate_user(Actor.site_staff(), named_user("mel"))
        return client
    return signed_in(PEOPLE[kind])


def _url(pattern: str) -> str:
    """A real address for a pattern: acme, its owners team, olivia's things."""
    samples = {
        "<name:org>": "acme",
        "<artefact:artefact_name>": "registry.json",
        "<str:org>": "acme",
        "<name:team>": "owners",
        "<name:username>": "mel",
        "<name:service>": "acme",
        "<name:cluster>": "none",
        "<int:number>": "0",
        "<slug:secret>": "hubadmin_inv_none",
        "<slug:public_id>": "pat_0000000000000000",
        "<int:pk>": "0",
        "<path:name>": "owners",
        r"(?:[\s\S]*/)?": "acme/nope/",
    }
    for variable, value in samples.items():
        pattern = pattern.replace(variable, value)
    # allauth's own patterns are regular expressions.
    pattern = re.sub(r"\(\?P<(\w+)>[^)]*\)", "x", pattern)
    return "/" + re.sub(r"[\^$]|<[^>]*>", "", pattern)

"""Two owners who try it on each other in the same moment, on several workers."""

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import httpx
import pytest

from orgs.operations import MOST_OWNED
from tests.conftest import post
from tests.served import DemoSite

OWNERS = ("ivan", "nina")
TEAM = "/orgs/initech/teams/owners/"
Attempt = Callable[[httpx.Client, str], httpx.Response]


def demote(owner: httpx.Client, other: str) -> httpx.Response:
    return owner.post(f"{TEAM}leave/", data={"user": other})


def remove(owner: httpx.Client, other: str) -> httpx.Response:
    return owner.post("/orgs/initech/remove-members/", data={"user": other})


def leave(owner: httpx.Client, other: str) -> httpx.Response:
    return owner.post("/orgs/initech/leave/")


@pytest.fixture
def owners(site: DemoSite) -> Iterator[list[httpx.Client]]:
    site.manage("add_member", "initech", "nina", "--team", "owners")
    with ExitStack() as stack:
        clients = []
        for name in OWNERS:
            client = stack.enter_context(httpx.Client(base_url=site.url))
            password = site.env["DEMO_PASSWORD"]
            assert post(client, "/accounts/login/", login=name, password=password).is_redirect
            client.headers["X-CSRFToken"] = client.cookies["csrftoken"]
            clients.append(client)
        yield clients
    site.manage("add_member", "initech", "ivan", "--team", "owners")
    site.manage("remove_member", "initech", "nina")


def test_nobody_makes_more_organizations_at_once_than_one_may(
    site: DemoSite, owners: list[httpx.Client]
) -> None:
    nina = owners[OWNERS.index("nina")]  # who owns one already

    def make(number: int) -> int:
        fields = {"name": f"at-once-{number}", "display_name": "At once"}
        return nina.post("/organizations/new/", data=fields).status_code

    for number in range(MOST_OWNED - 2):
        assert make(number) == 302
    with ThreadPoolExecutor(4) as pool:
        statuses = list(pool.map(make, range(MOST_OWNED, MOST_OWNED + 4)))
    assert sorted(statuses) == [302, 400, 400, 400]


@pytest.mark.parametrize("attempt", [demote, remove, leave])
def test_one_owner_is_left(site: DemoSite, owners: list[httpx.Client], attempt: Attempt) -> None:
    with ThreadPoolExecutor(2) as pool:
        tries = [
            pool.submit(attempt, owner, other)
            for owner, other in zip(owners, reversed(OWNERS), strict=True)
        ]
    statuses = {one.result().status_code for one in tries}
    assert statuses <= {302, 400, 403, 404}, [one.result().text for one in tries]
    left = [
        set(re.findall(r"Choose (\w+)", page.text))
        for page in (owner.get(TEAM) for owner in owners)
        if page.status_code == 200 and "Choose" in page.text
    ]
    # Whoever is still an owner sees themselves alone in the team.
    assert len(left) == 1
    assert len(left[0]) == 1

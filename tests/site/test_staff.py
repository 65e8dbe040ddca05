"""What site staff may open: the site's own pages, and no tenant's (P10)."""

from collections.abc import Callable

import httpx
import pytest

from hubadmin.routes import SiteRoute, site_routes
from orgs.actor import Actor, NotAllowed
from orgs.guards import Guard
from orgs.operations import appoint_staff, deactivate_user, dismiss_staff
from permissions.registry_queries import waiting_requests
from tests.conftest import named_user
from tests.site.test_routes import _url as sample_url

pytestmark = pytest.mark.django_db

SignedIn = Callable[[str], httpx.Client]
MENU = "Site administration"


def url(route: SiteRoute) -> str:
    number = str(waiting_requests()[0].pk) if "requests" in route.pattern else "0"
    samples = {"<name:service>": "hub", "<int:number>": number}
    path = route.pattern
    for variable, value in samples.items():
        path = path.replace(variable, value)
    return f"/{path}"


def test_p10_staff_open_the_sites_pages_and_no_tenants(signed_in: SignedIn) -> None:
    sam = signed_in("sam")
    assert MENU in sam.get("/").text
    of_the_site = [route for route in site_routes() if route.guard is Guard.STAFF]
    assert len(of_the_site) == 7
    for route in of_the_site:
        # 404: there is no namespace 0. 405: only to post to.
        expected = {"release/": 404, "credential/": 405, "disconnect/": 405}
        last = route.pattern.rpartition("/")[0].rpartition("/")[2] + "/"
        assert sam.get(url(route)).status_code == expected.get(last, 200), route.pattern
    for route in site_routes():
        if route.guard in (Guard.MEMBER, Guard.OWNER):
            assert sam.get(sample_url(route.pattern)).status_code in (404, 405), route.pattern


@pytest.mark.parametrize("person", ["olivia", "mel", "nina"])
def test_to_others_there_are_no_pages_for_staff(signed_in: SignedIn, person: str) -> None:
    client = signed_in(person)
    assert MENU not in client.get("/").text
    client.get("/accounts/password/change/")
    headers = {"X-CSRFToken": client.cookies["csrftoken"]}
    for route in site_routes():
        if route.guard is Guard.STAFF:
            assert client.get(url(route)).status_code in (404, 405)
            assert client.post(url(route), headers=headers).status_code == 404


def test_staff_are_appointed_and_dismissed(signed_in: SignedIn) -> None:
    nina, mel = named_user("nina"), Actor("mel", None, named_user("mel"))
    for change in (appoint_staff, dismiss_staff):
        with pytest.raises(NotAllowed):
            change(mel, nina)
    client = signed_in("nina")
    appoint_staff(Actor.site_staff(), nina)
    assert client.get("/site/namespaces/").status_code == 200
    dismiss_staff(Actor.site_staff(), nina)
    assert client.get("/site/namespaces/").status_code == 404


def test_deactivated_staff_are_none(signed_in: SignedIn) -> None:
    sam = signed_in("sam")
    deactivate_user(Actor.site_staff(), named_user("sam"))
    assert sam.get("/site/namespaces/").status_code == 302

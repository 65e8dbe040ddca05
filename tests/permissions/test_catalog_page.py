"""The page that lists the catalogue, and what Org Permissions says of it."""

from collections.abc import Callable
from datetime import date

import httpx
import pytest

from orgs.actor import Actor
from permissions.catalog_operations import replace_catalog
from permissions.core.catalog import Catalog, CatalogEntry, CatalogKind

pytestmark = pytest.mark.django_db
SignedIn = Callable[[str], httpx.Client]


def test_any_signed_in_person_sees_what_is_listed_from_where_and_when(signed_in: SignedIn) -> None:
    page = signed_in("nina").get("/catalog/").text
    assert "10 verified publishers" in page
    assert "24 Nov 2026" in page
    assert "the starter catalogue" in page
    assert "docker.io/bitnami/…" in page


def test_it_is_searched_by_name_and_kind(signed_in: SignedIn) -> None:
    nina = signed_in("nina")
    page = nina.get("/catalog/?text=GRAFANA+labs").text
    assert "docker.io/grafana/…" in page
    assert "docker.io/bitnami" not in page
    page = nina.get("/catalog/?text=nginx&kind=verified_publisher").text
    assert "lists nothing like that" in page
    assert "docker.io/library/nginx" in nina.get("/catalog/?text=nginx&kind=official").text


@pytest.mark.parametrize("query", ["kind=famous", "text=%00", "text=" + "x" * 256])
def test_what_can_not_be_searched_for_finds_nothing(signed_in: SignedIn, query: str) -> None:
    answer = signed_in("nina").get(f"/catalog/?{query}")
    assert answer.status_code == 200
    assert "lists nothing like that" in answer.text


def test_a_long_catalogue_comes_in_pages(signed_in: SignedIn) -> None:
    entries = tuple(
        CatalogEntry(f"publisher{n:03}", CatalogKind.VERIFIED_PUBLISHER, f"<b>{n}</b>")
        for n in range(120)
    )
    source = "https://feed.example/c.json"
    replace_catalog(Actor.site_staff(), Catalog(entries), source=source, dated=date(2026, 2, 1))
    nina = signed_in("nina")
    last = nina.get("/catalog/?text=publisher&page=3").text
    assert "docker.io/publisher119/" in last
    assert "docker.io/publisher099/" not in last
    assert 'href="?text=publisher&amp;page=2"' in last
    assert "<b>119" not in last
    assert "1 Feb 2026" in last
    assert source in last


@pytest.mark.parametrize("person", ["olivia", "mel"])
def test_org_permissions_says_how_many_publishers_as_of_when(
    signed_in: SignedIn, person: str
) -> None:
    page = signed_in(person).get("/orgs/acme/settings/permissions/").text
    assert "has 10 entries of them, as of" in page
    assert 'href="/catalog/?kind=verified_publisher"' in page

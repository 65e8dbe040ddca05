"""Looking things up in the catalogue, and what may stand in it."""

from typing import cast

import pytest

from permissions.core.catalog import Catalog, CatalogEntry, CatalogKind, InvalidEntry, entry_problem
from permissions.core.reference import HUB, Repository

GRAFANA = CatalogEntry("grafana", CatalogKind.VERIFIED_PUBLISHER, "Grafana Labs", "Dashboards")
LOKI = CatalogEntry("grafana/loki", CatalogKind.VERIFIED_PUBLISHER, "Loki")
TOOL = CatalogEntry("obscure/tool", CatalogKind.VERIFIED_PUBLISHER, "Tool")
NGINX = CatalogEntry("library/nginx", CatalogKind.OFFICIAL, "nginx")
CATALOG = Catalog((GRAFANA, LOKI, TOOL, NGINX))


@pytest.mark.parametrize(
    ("path", "entry"),
    [
        ("grafana", GRAFANA),
        ("grafana/mimir", GRAFANA),
        ("grafana/a/b/c", GRAFANA),
        ("grafana/loki", LOKI),
        ("grafana/loki/canary", LOKI),
        ("grafana/loki2", GRAFANA),
        ("grafanas/loki", None),
        ("obscure/tool", TOOL),
        ("obscure", None),
        ("obscure/tools", None),
        ("library/nginx", None),
        ("x/grafana", None),
    ],
)
def test_lookup_takes_the_narrowest_of_whole_components(
    path: str, entry: CatalogEntry | None
) -> None:
    assert CATALOG.lookup(Repository(HUB, path)) is entry


def test_other_registries_have_no_catalogue() -> None:
    assert CATALOG.lookup(Repository("quay.io", "grafana/loki")) is None


@pytest.mark.parametrize("path", ["bitnami", "grafana/loki", "library/nginx", "a__b", "4x4"])
def test_what_may_be_listed(path: str) -> None:
    assert entry_problem(path) is None


@pytest.mark.parametrize(
    "path",
    [
        "",
        "library",
        "Grafana",
        "grafana/",
        "/loki",
        "a/b/c",
        "a b",
        "gr\u0430fana",
        "a:1",
        "a" * 256,
    ],
)
def test_what_may_not(path: str) -> None:
    problem = entry_problem(path)
    assert problem is not None
    assert problem.isascii()
    with pytest.raises(InvalidEntry):
        CatalogEntry(path, CatalogKind.VERIFIED_PUBLISHER, "x")


def test_nothing_is_listed_twice() -> None:
    with pytest.raises(InvalidEntry, match="more than once"):
        Catalog((GRAFANA, GRAFANA))


def test_catalogues_of_the_same_entries_are_equal() -> None:
    assert Catalog((GRAFANA,)) == Catalog((GRAFANA,)) != Catalog()


def test_a_catalogue_keeps_what_it_is_given_and_can_be_kept_in_a_set() -> None:
    passing = cast("tuple[CatalogEntry, ...]", iter([GRAFANA, LOKI]))
    assert Catalog(passing).entries == (GRAFANA, LOKI)
    assert len({Catalog((GRAFANA,)), Catalog((GRAFANA,)), Catalog()}) == 2
    assert repr(Catalog()) == "Catalog(entries=())"


def test_an_entry_needs_no_description() -> None:
    assert LOKI.description == ""

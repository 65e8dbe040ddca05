"""What the import contracts can't say about the layout."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EDGES = ("views.py", "api.py", "forms.py", "facts.py", "authorize.py")
PROTOCOLS = (
    "authzen.py",
    "authzen_batch.py",
    "authzen_page.py",
    "authzen_request.py",
    "authzen_search.py",
    "authzen_sign_in.py",
    "token.py",
    "token_request.py",
    "refresh.py",
    "credentials.py",
    "fleet.py",
    "admission.py",
    "imagereview.py",
    "kubernetes.py",
    "notifications.py",
    "pod_images.py",
)
MAX_LINES = 400


def modules(*folders: str) -> Iterator[Path]:
    for folder in folders:
        yield from (ROOT / folder).rglob("*.py")


def imported(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


@pytest.mark.parametrize("name", PROTOCOLS)
def test_protocol_modules_know_no_framework(name: str) -> None:
    names = imported(ROOT / "registries" / name)
    assert not any(one.startswith(("django.http", "django.db", "rest_framework")) for one in names)


def test_edges_never_touch_a_models_manager() -> None:
    edges = [
        path
        for path in modules("home", "registries", "enforcement", "permissions", "orgs")
        if path.name.endswith(EDGES)
        or (path.parent.name == "registries" and path.name in PROTOCOLS)
    ]
    assert len(edges) > 8
    for path in edges:
        touched = [
            node.lineno
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.Attribute) and node.attr in ("objects", "_default_manager")
        ]
        assert touched == [], path


def test_no_file_is_too_long_to_read() -> None:
    folders = ("audit", "enforcement", "home", "hubadmin", "orgs", "permissions", "registries")
    long = {
        str(path): lines
        for path in modules(*folders, "tests")
        if path.parent.name != "migrations"
        and (lines := len(path.read_text().splitlines())) > MAX_LINES
    }
    assert long == {}


def test_no_page_has_inline_code() -> None:
    for path in (ROOT / "templates").rglob("*.html"):
        if path.parent.name == "email":
            continue  # no page: mail programs take no style sheet
        text = path.read_text()
        assert "<script>" not in text, path
        assert "<style" not in text, path
        assert " style=" not in text, path
        assert " onclick=" not in text, path

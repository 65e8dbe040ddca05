"""The documentation as pages, and that each page of the site leads to the section about it."""

import re
from collections.abc import Callable
from html.parser import HTMLParser

import httpx
import pytest

from home.documents import files
from tests.browser.pages import DOCUMENTATION, NOT_FOUND, PAGES
from tests.conftest import NewVisitor

pytestmark = pytest.mark.django_db
SignedIn = Callable[[str], httpx.Client]


class Parsed(HTMLParser):
    """A page's links, pictures and ids."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.pictures: list[str] = []
        self.ids: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.ids += [given["id"] or ""] if "id" in given else []
        if tag == "a" and given.get("href"):
            self.links.append(str(given["href"]))
        if tag == "img":
            self.pictures.append(str(given["src"]))


@pytest.fixture
def documents(visitor: NewVisitor) -> dict[str, Parsed]:
    """Every page of the documentation, by its address, as anybody gets it."""
    anybody, found = visitor(), {}
    for name in files():
        address = f"/docs/{name}/" if name else "/docs/"
        answer = anybody.get(address)
        assert answer.status_code == 200, address
        found[address] = Parsed(answer.text)
    return found


def test_no_link_and_no_picture_of_the_documentation_is_broken(
    documents: dict[str, Parsed], visitor: NewVisitor
) -> None:
    assert len(documents) > 30
    broken, pictures = [], set()
    for address, page in documents.items():
        pictures |= set(page.pictures)
        assert sorted(page.ids) == sorted(set(page.ids)), address
        for link in page.links:
            to, _, anchor = link.partition("#")
            if to and not to.startswith("/docs/"):
                continue
            target = documents.get(to or address)
            if target is None or (anchor and anchor not in target.ids):
                broken.append((address, link))
    assert broken == []
    assert len(pictures) >= 5
    anybody = visitor()
    assert [one for one in pictures if anybody.get(one).status_code != 200] == []


def test_every_page_leads_to_the_section_that_speaks_of_it(
    documents: dict[str, Parsed], visitor: NewVisitor, signed_in: SignedIn
) -> None:
    without, wrong = [], []
    for person, paths in PAGES.items():
        client = signed_in(person) if person else visitor()
        for path in paths:
            answer = client.get(path)
            if path in DOCUMENTATION or answer.status_code != 200:
                continue
            help_links = re.findall(r'class="learn-more" href="([^"#]+)#([^"]+)"', answer.text)
            if not help_links:
                without.append((person, path))
            wrong += [
                (person, path, to, anchor)
                for to, anchor in help_links
                if anchor not in documents[to].ids
            ]
    assert without == []
    assert wrong == []


def test_owners_read_the_owners_guide_and_members_theirs(signed_in: SignedIn) -> None:
    page = "/orgs/acme/settings/permissions/"
    owners, members = signed_in("olivia").get(page).text, signed_in("mel").get(page).text
    assert 'href="/docs/owners/#switch-image-access-management-on"' in owners
    assert 'href="/docs/members/#read-the-rules"' in members


@pytest.mark.parametrize(
    "name", ["nope", "README", "owners.md", "../README", "..%2f..%2fREADME", "owners/x"]
)
def test_only_documents_are_served(visitor: NewVisitor, name: str) -> None:
    assert visitor().get(f"/docs/{name}/").status_code == 404


def test_html_in_a_document_stays_text(visitor: NewVisitor) -> None:
    text = visitor().get("/docs/administrators/identity-providers/").text
    assert "&lt;tenant id&gt;" in text


def test_a_cell_of_a_table_says_its_column(visitor: NewVisitor) -> None:
    text = visitor().get("/docs/administrators/settings/").text
    assert re.search(r'<td data-label="variable"><code>HUBADMIN_URL</code></td>', text)
    assert re.search(r'<td data-label="default"><code>http://localhost:8000</code></td>', text)


def test_what_lies_outside_of_the_documentation_is_no_link(documents: dict[str, Parsed]) -> None:
    outside = [
        link
        for page in documents.values()
        for link in page.links
        if link.startswith(("../", "/deploy", "deploy")) or link.endswith((".yaml", ".conf"))
    ]
    assert outside == []


def test_an_organization_that_was_not_found_promises_no_help(signed_in: SignedIn) -> None:
    assert "learn-more" not in signed_in("mel").get(NOT_FOUND).text

"""Why a pull was refused, and asking for an exception from there; Can X pull Y."""

from collections.abc import Callable

import httpx
import pytest
from django.utils.html import escape

from audit.models import PullLogEntry
from audit.pull_queries import pulls_of
from orgs.actor import Actor
from orgs.member_operations import add_member
from orgs.models import Organization
from permissions.exception_models import ExceptionRequest
from permissions.exception_operations import ask_for_exception
from permissions.exception_queries import exceptions_asked_by
from permissions.operations import Settings, change_policy
from permissions.own_rule_operations import add_own_rule
from tests.conftest import Log, NewVisitor, named_user, post

pytestmark = pytest.mark.django_db
STAFF = Actor.site_staff()
TOOL = "docker.io/randomdev/tool"
PERMISSIONS = "/orgs/acme/settings/permissions/"
CAN_PULL = f"{PERMISSIONS}can-pull/"
REQUESTS = f"{PERMISSIONS}requests/"
SignedIn = Callable[[str], httpx.Client]


@pytest.fixture(autouse=True)
def _restricted(acme: Organization) -> None:
    change_policy(STAFF, acme, Settings(True, True, False), None)


def logged(acme: Organization, log: Log, **changes: object) -> PullLogEntry:
    log(**changes)
    return pulls_of(acme.pk)[0]


def page_of(entry: PullLogEntry) -> str:
    return f"/orgs/acme/pulls/{entry.pk}/"


def form_post(client: httpx.Client, path: str, **fields: str) -> httpx.Response:
    client.get("/account/settings/tokens/")
    return client.post(path, data={"csrfmiddlewaretoken": client.cookies["csrftoken"], **fields})


def test_a_member_sees_why_and_asks(signed_in: SignedIn, acme: Organization, log: Log) -> None:
    entry = logged(acme, log)
    mel = signed_in("mel")
    page = mel.get(page_of(entry)).text
    assert "Why was my pull refused?" in page
    assert "Community images are restricted" in page
    assert "acme does not allow community images." in page
    assert "is of the category community to acme" in page
    assert "203.0.113.9" not in page

    answer = post(mel, page_of(entry), word="For a trial")
    assert answer.headers["location"] == page_of(entry)
    asked = exceptions_asked_by(acme, named_user("mel")).get()
    assert (asked.target, asked.word) == (TOOL, "For a trial")
    page = mel.get(page_of(entry)).text
    assert "You asked for" in page
    assert "Ask for an exception</button>" not in page
    again = form_post(mel, page_of(entry))
    assert again.status_code == 400
    assert exceptions_asked_by(acme, named_user("mel")).count() == 1


def test_pulls_are_their_owners_and_the_organizations(
    signed_in: SignedIn, acme: Organization, globex: Organization, log: Log
) -> None:
    entry = logged(acme, log)
    elsewhere = logged(globex, log, organization="globex")
    machine = logged(acme, log, subject_kind="token")
    assert signed_in("gus").get(page_of(entry)).status_code == 404
    assert signed_in("mel").get(page_of(machine)).status_code == 404
    assert signed_in("nina").get(page_of(entry)).status_code == 404
    olivia = signed_in("olivia")
    seen = olivia.get(page_of(entry)).text
    assert "203.0.113.9" in seen
    assert "Ask for an exception" not in seen
    assert olivia.get(page_of(machine)).status_code == 200
    assert olivia.get(page_of(elsewhere)).status_code == 404
    for number in ("0", "9" * 30):
        assert olivia.get(f"/orgs/acme/pulls/{number}/").status_code == 404
    # Only whoever pulled asks, owners for nobody.
    assert form_post(olivia, page_of(entry)).status_code == 404
    assert form_post(signed_in("gus"), page_of(entry)).status_code == 404


@pytest.mark.parametrize(
    "refused",
    [
        {"rule": "invalid_reference", "image": "docker.io/Bad", "repository": "", "category": ""},
        {"rule": "token_scope", "image": "docker.io/acme/app", "repository": "docker.io/acme/app"},
        {"rule": "push_denied", "action": "push"},
        {"rule": "official_restricted", "image": "nginx", "repository": "docker.io/library/nginx"},
    ],
)
def test_what_no_exception_helps_is_not_offered(
    signed_in: SignedIn, acme: Organization, log: Log, refused: dict[str, str]
) -> None:
    entry = logged(acme, log, **refused)
    mel = signed_in("mel")
    page = mel.get(page_of(entry))
    assert page.status_code == 200
    assert "Ask for an exception</button>" not in page.text
    status = 404 if "action" in refused else 400
    assert form_post(mel, page_of(entry)).status_code == status
    assert not exceptions_asked_by(acme, named_user("mel")).exists()


def test_each_organization_explains_its_own_rules_alone(
    signed_in: SignedIn, acme: Organization, globex: Organization, log: Log
) -> None:
    add_member(STAFF, globex, named_user("mel"))
    change_policy(STAFF, globex, Settings(True, False, False), None)
    entry = logged(acme, log, registry="hub", image="localhost:5001/library/alpine")
    for text in (
        signed_in("olivia").get(page_of(entry)).text,
        signed_in("olivia").get(CAN_PULL, params={"who": "mel", "image": "alpine"}).text,
    ):
        assert "globex" not in text.partition("<main")[2]
        assert "Official images are allowed" in text
        assert "acme allows official images." in text


def test_the_answer_is_the_apis(
    signed_in: SignedIn, visitor: NewVisitor, demo: dict[str, str], acme: Organization
) -> None:
    add_own_rule(STAFF, acme, effect="exception", target=f"{TOOL}s")
    api = visitor(Authorization=f"Bearer {demo['OLIVIA_TOKEN']}")
    olivia = signed_in("olivia")
    people = ("olivia", "mel", "gus", "nina", "nobody")
    for who in people:
        for image in (
            TOOL,
            f"{TOOL}s:1",
            "nginx",
            "grafana/loki",
            "acme/app",
            "Bad",
            "ghcr.io/a/b",
        ):
            body = {
                "subject": {"type": "user", "id": who},
                "action": {"name": "pull"},
                "resource": {"type": "image", "id": image},
                "context": {"organization": "acme"},
            }
            said = api.post("/access/v1/evaluation", json=body).json()
            page = olivia.get(CAN_PULL, params={"who": who, "image": image}).text
            answer = page.partition('aria-labelledby="answer"')[2]
            state = "Allowed" if said["decision"] else "Refused"
            assert state in answer.partition("</h2>")[2].partition("</div>")[0], (who, image)
            assert f"<code>{said['context']['rule']}</code>" in answer, (who, image)
            assert escape(said["context"]["reason"]) in answer
            if said["context"]["category"]:
                assert f"version {said['context']['policy_version']}<" in answer


def test_members_ask_about_themselves_only(signed_in: SignedIn, acme: Organization) -> None:
    add_own_rule(STAFF, acme, effect="exception", target=TOOL)
    change_policy(STAFF, acme, Settings(True, True, False), None)
    mel = signed_in("mel")
    assert 'name="who"' not in mel.get(PERMISSIONS).text
    page = mel.get(CAN_PULL, params={"who": "gus", "image": TOOL}).text
    assert "acme makes an exception" in page
    assert "<bdi>mel</bdi>" in page
    assert "gus" not in page.partition("<main")[2]
    assert mel.get(f"{PERMISSIONS}names/", params={"who": "g"}).status_code == 403


@pytest.mark.parametrize(
    ("asked", "status"),
    [({}, 200), ({"who": "mel"}, 400), ({"who": "", "image": "x"}, 400)],
)
def test_what_is_missing_is_said(signed_in: SignedIn, asked: dict[str, str], status: int) -> None:
    answer = signed_in("olivia").get(CAN_PULL, params=asked)
    assert answer.status_code == status
    assert ("This field is required." in answer.text) is (status == 400)


def test_names_are_offered_as_they_are_typed(signed_in: SignedIn, acme: Organization) -> None:
    olivia = signed_in("olivia")
    assert olivia.get(f"{PERMISSIONS}names/", params={"who": "m"}).text.split() == [
        "<option",
        'value="mel"></option>',
    ]
    assert olivia.get(f"{PERMISSIONS}names/", params={"name": "nina"}).text.strip() == ""
    assert olivia.get(f"{PERMISSIONS}names/", params={"who": "m\x00"}).text.strip() == ""
    assert len(olivia.get(f"{PERMISSIONS}names/").text.split("<option")) == 4


def test_owners_answer_on_the_page(signed_in: SignedIn, acme: Organization) -> None:
    mel, gus = (Actor(name, None, named_user(name)) for name in ("mel", "gus"))
    asked = ask_for_exception(mel, acme, TOOL, "For <b>a</b> trial")
    other = ask_for_exception(gus, acme, TOOL)
    olivia = signed_in("olivia")
    assert "For &lt;b&gt;a&lt;/b&gt; trial" in olivia.get(REQUESTS).text
    assert "2 requests" in olivia.get(PERMISSIONS).text
    page = f"{REQUESTS}{asked.pk}/"
    assert "acme does not allow community images." in olivia.get(page).text

    bad = form_post(olivia, f"{page}allow/", life="8", audience="user", answer="Kept words")
    assert bad.status_code == 400
    assert "Kept words" in bad.text
    assert form_post(olivia, f"{page}allow/", life="7", audience="team nope").status_code == 400
    assert form_post(olivia, f"{page}decline/", answer="").status_code == 400
    assert form_post(olivia, f"{page}allow/", life="7", audience="user").is_redirect
    assert form_post(olivia, f"{REQUESTS}{other.pk}/decline/", answer="Use ours").is_redirect
    assert form_post(olivia, f"{REQUESTS}{other.pk}/decline/", answer="Twice").status_code == 400
    assert "Use ours" in olivia.get(REQUESTS).text

    theirs = signed_in("gus")
    assert "Use ours" in theirs.get(REQUESTS).text
    assert "mel" not in theirs.get(REQUESTS).text.partition("<main")[2]
    assert theirs.get(page).status_code == 404
    assert signed_in("mel").get(page).status_code == 200
    assert signed_in("nina").get(page).status_code == 404


def test_members_take_back_what_is_theirs(signed_in: SignedIn, acme: Organization) -> None:
    asked = ask_for_exception(Actor("mel", None, named_user("mel")), acme, TOOL)
    withdraw = f"{REQUESTS}{asked.pk}/withdraw/"
    assert form_post(signed_in("gus"), withdraw).status_code == 404
    mel = signed_in("mel")
    for verb in ("allow", "decline"):
        answer = form_post(mel, f"{REQUESTS}{asked.pk}/{verb}/", answer="Me", audience="user")
        assert answer.status_code == 403
    form_post(signed_in("olivia"), withdraw)
    asked.refresh_from_db()
    assert asked.is_pending
    assert form_post(mel, withdraw).is_redirect
    asked.refresh_from_db()
    assert asked.state == ExceptionRequest.State.WITHDRAWN

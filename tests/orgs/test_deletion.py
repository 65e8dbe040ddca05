"""The end of an organization: days of grace, a way back, and what stays for ever."""

from collections.abc import Callable
from datetime import timedelta

import httpx
import pytest
from django.core import mail
from django.core.management import call_command
from django.utils import timezone
from django_scopes import scopes_disabled
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from audit.models import SITE, AuditEntry
from audit.queries import first_broken_link
from orgs.actor import Actor, Invalid, NotAllowed
from orgs.deletion_operations import ask_for_deletion, go_on_with_deletion, keep_organization
from orgs.models import Membership, Organization
from orgs.operations import create_organization
from orgs.queries import organization_named
from orgs.tasks import delete_due_organizations
from orgs.token_operations import create_organization_token
from permissions.models import Namespace, ServiceName
from permissions.queries import policy_of, stored_registry
from tests.conftest import named_organization, named_user, post

pytestmark = pytest.mark.django_db
DELETE = "/orgs/acme/settings/delete/"
KEEP = "/orgs/acme/settings/keep/"
STAFF = Actor.site_staff()
SignedIn = Callable[[str], httpx.Client]
Evaluate = Callable[[], httpx.Response]


def let_pass(**time: float) -> None:
    """What was to be deleted in a while is to be deleted so much sooner."""
    acme = named_organization("acme")
    assert acme.deletion_due_at is not None
    acme.deletion_due_at -= timedelta(**time)
    acme.save(update_fields=["deletion_due_at"])


def posted(client: httpx.Client, path: str, page: str) -> httpx.Response:
    client.get(page)
    return client.post(path, data={"csrfmiddlewaretoken": client.cookies["csrftoken"]})


def test_nothing_happens_before_its_name_is_typed(signed_in: SignedIn) -> None:
    olivia = signed_in("olivia")
    for typed in ("", "Acme", "globex"):
        answer = post(olivia, DELETE, name=typed)
        assert answer.status_code == 400
        assert named_organization("acme").deletion_due_at is None
    assert post(olivia, DELETE, name=" acme ").headers["location"] == "/orgs/acme/"
    assert named_organization("acme").deletion_due_at is not None


def test_all_see_it_coming_and_an_owner_calls_it_off(
    signed_in: SignedIn,
    mailoutbox: list[mail.EmailMessage],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    olivia, mel = signed_in("olivia"), signed_in("mel")
    version = policy_of(named_organization("acme")).version
    with django_capture_on_commit_callbacks(execute=True):
        post(olivia, DELETE, name="acme")
    (letter,) = mailoutbox
    assert letter.to == ["olivia@example.com"]
    assert "acme will be deleted" in letter.subject
    assert DELETE in str(letter.body)

    for page in ("/orgs/acme/", "/orgs/acme/members/", "/orgs/acme/settings/permissions/"):
        assert "acme will be deleted on" in olivia.get(page).text
        assert "Keep this organization" in olivia.get(page).text
        assert "acme will be deleted on" in mel.get(page).text
        assert "Keep this organization" not in mel.get(page).text
    assert "Will be deleted" in mel.get("/").text

    assert posted(mel, KEEP, "/orgs/acme/").status_code == 403
    with django_capture_on_commit_callbacks(execute=True):
        assert posted(olivia, KEEP, "/orgs/acme/").headers["location"] == "/orgs/acme/"
    assert named_organization("acme").deletion_due_at is None
    assert "acme will be deleted on" not in olivia.get("/orgs/acme/").text
    assert "will not be deleted" in mailoutbox[1].subject
    log = "/orgs/acme/activity/"
    assert "asked to delete the organization" in mel.get(log).text
    assert "called off the deletion" in mel.get(log).text
    # Neither could change a decision, so neither says that one might have.
    assert policy_of(named_organization("acme")).version == version


def test_decisions_stay_as_they_were_until_it_is_over(
    demo: dict[str, str], visitor: Callable[..., httpx.Client], acme: Organization
) -> None:
    registry = visitor(Authorization=f"Bearer {demo['ACME_REGISTRY_TOKEN']}")
    question = {
        "subject": {"type": "user", "id": "mel"},
        "action": {"name": "pull"},
        "resource": {"type": "image", "id": "docker.io/randomdev/tool"},
    }

    def ask() -> httpx.Response:
        return registry.post("/access/v1/evaluation", json=question)

    before = ask().json()
    ask_for_deletion(STAFF, acme)
    assert ask().json() == before
    let_pass(days=30)
    assert ask().json() == before
    delete_due_organizations()
    assert ask().status_code == 401


def test_it_is_deleted_when_the_days_are_over_and_not_before(
    acme: Organization,
    mailoutbox: list[mail.EmailMessage],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    settings: Settings,
) -> None:
    settings.DELETION_DAYS = 10
    create_organization_token(STAFF, acme, label="CI", scope="repo:read")
    with django_capture_on_commit_callbacks(execute=True):
        ask_for_deletion(STAFF, acme)
        ask_for_deletion(STAFF, acme)
    subjects = ["acme will be deleted"]
    for days, told in [(6.9, []), (0.2, ["acme will be deleted soon"]), (2.8, [])]:
        let_pass(days=days)
        for _ in range(2):
            with django_capture_on_commit_callbacks(execute=True):
                assert delete_due_organizations() == 0
        subjects += told
        assert [letter.subject for letter in mailoutbox] == subjects
    let_pass(days=0.2)
    with django_capture_on_commit_callbacks(execute=True):
        assert delete_due_organizations() == 1
    assert mailoutbox[-1].subject == "acme is deleted"
    assert organization_named("acme") is None
    assert delete_due_organizations() == 0


def test_what_stays_for_ever(acme: Organization, globex: Organization) -> None:
    number = acme.pk
    ask_for_deletion(Actor("olivia", None, named_user("olivia")), acme)
    let_pass(days=30)
    call_command("delete_due_organizations")

    log = AuditEntry.objects.filter(organization_id=number)
    assert log.order_by("-sequence")[0].action == "organization.deleted"
    assert first_broken_link(number) is None
    told = AuditEntry.objects.get(organization_id=SITE, action="organization.deleted")
    assert (told.target, told.actor) == ("acme", "Hubadmin")
    assert told.before == {"number": number, "asked_for_by": "olivia"}
    with pytest.raises(Invalid, match="taken"):
        create_organization(STAFF, name="acme", display_name="", owner=named_user("nina"))
    assert ServiceName.objects.get(name="acme").owner == "acme"

    assert stored_registry("acme") is None
    with scopes_disabled():
        assert not Membership.objects.filter(organization=number).exists()
        assert not Namespace.objects.filter(organization=number).exists()
        assert Namespace.objects.filter(organization=globex).exists()
    assert named_user("olivia").is_active


def test_only_owners_ask_and_call_off(acme: Organization) -> None:
    mel = Actor("mel", None, named_user("mel"))
    for change in (ask_for_deletion, keep_organization):
        with pytest.raises(NotAllowed):
            change(mel, acme)


def test_who_calls_it_off_in_the_last_moment_is_in_time(acme: Organization) -> None:
    ask_for_deletion(STAFF, acme)
    let_pass(days=30)
    overdue = named_organization("acme")
    keep_organization(STAFF, acme)
    # The task has read that it is due, and finds otherwise under the lock.
    assert go_on_with_deletion(Actor.hubadmin(), overdue, timezone.now()) is False
    assert organization_named("acme") is not None


def test_site_staff_have_commands_for_it(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("delete_organization", "acme")
    assert named_organization("acme").deletion_asked_by == "site staff"
    call_command("keep_organization", "acme")
    assert named_organization("acme").deletion_due_at is None
    said = capsys.readouterr().out
    assert "acme will be deleted on" in said
    assert "keep_organization acme" in said

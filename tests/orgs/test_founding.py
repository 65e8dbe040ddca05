"""Who may sign up, and who may make an organization: the site's settings say."""

from collections.abc import Callable

import httpx
import pytest
from django.core import mail
from django.db import IntegrityError
from pytest_django import Settings

from audit.models import SITE, AuditEntry
from orgs.actor import Actor, Invalid, NotAllowed
from orgs.models import User
from orgs.operations import MOST_OWNED, create_organization
from orgs.queries import is_owner, organization_named, owned_organizations, user_named
from tests.conftest import NewVisitor, named_user, post

pytestmark = pytest.mark.django_db
NEW = "/organizations/new/"
SIGN_UP = "/accounts/signup/"
PASSWORD = "correct horse battery"
SignedIn = Callable[[str], httpx.Client]


def sign_up(client: httpx.Client, **changes: str) -> httpx.Response:
    form = {"username": "paula", "email": "Paula@Example.com"}
    form |= {"password1": PASSWORD, "password2": PASSWORD}
    return post(client, SIGN_UP, **form | changes)


@pytest.mark.parametrize(
    ("setting", "staff", "status"),
    [
        ("anyone", False, 200),
        ("staff", False, 403),
        ("staff", True, 200),
        ("never", False, 403),
        ("never", True, 403),
    ],
)
def test_the_setting_says_who_makes_organizations(
    signed_in: SignedIn, settings: Settings, setting: str, staff: bool, status: int
) -> None:
    settings.CREATE_ORGANIZATIONS = setting
    User.objects.filter(username="nina").update(is_staff=staff)
    nina = signed_in("nina")
    assert nina.get(NEW).status_code == status
    assert (NEW in nina.get("/").text) == (status == 200)
    actor = Actor("nina", None, named_user("nina"))
    if status == 200:
        made = create_organization(actor, name="ninas", display_name="", owner=named_user("nina"))
        assert is_owner(made, named_user("nina"))
    else:
        with pytest.raises(NotAllowed):
            create_organization(actor, name="ninas", display_name="", owner=named_user("nina"))


def test_its_maker_is_its_owner_on_the_free_plan(signed_in: SignedIn, settings: Settings) -> None:
    settings.CREATE_ORGANIZATIONS = "anyone"
    nina = signed_in("nina")
    answer = post(nina, NEW, name="hooli", display_name="Hooli")
    assert answer.headers["location"] == "/orgs/hooli/"
    hooli = organization_named("hooli")
    assert hooli is not None
    assert (hooli.display_name, hooli.plan) == ("Hooli", "free")
    assert nina.get("/orgs/hooli/settings/access-tokens/").status_code == 200
    actions = AuditEntry.objects.filter(organization_id=hooli.pk).order_by("sequence")
    assert [(entry.action, entry.actor) for entry in actions] == [
        ("organization.created", "nina"),
        ("member.added", "nina"),
    ]


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("", "This field is required."),
        ("Hooli", "lower-case letters"),
        ("a--b", "lower-case letters"),
        ("x" * 31, "lower-case letters"),
        ("acme", "This name is taken."),
        ("olivia", "This name is taken."),
        ("acme-at-hub", "has this name at Docker Hub"),
    ],
)
def test_a_name_that_can_not_be_is_told(
    signed_in: SignedIn, settings: Settings, name: str, sentence: str
) -> None:
    settings.CREATE_ORGANIZATIONS = "anyone"
    acme = organization_named("acme")
    assert acme is not None
    acme.docker_organization = "acme-at-hub"
    acme.save()
    answer = post(signed_in("nina"), NEW, name=name, display_name="Kept as typed")
    assert answer.status_code == 400
    assert sentence in answer.text
    assert "Kept as typed" in answer.text


def test_people_make_them_for_themselves_alone_and_not_without_end(settings: Settings) -> None:
    settings.CREATE_ORGANIZATIONS = "anyone"
    nina = named_user("nina")
    actor = Actor("nina", None, nina)
    with pytest.raises(NotAllowed):
        create_organization(actor, name="mels", display_name="", owner=named_user("mel"))
    with pytest.raises(NotAllowed):
        create_organization(actor, name="rich", display_name="", owner=nina, plan="business")
    for number in range(MOST_OWNED):
        create_organization(actor, name=f"ninas-{number}", display_name="", owner=nina)
    with pytest.raises(Invalid, match="the most"):
        create_organization(actor, name="one-more", display_name="", owner=nina)
    assert len(owned_organizations(nina)) == MOST_OWNED


def test_sign_up_is_closed_unless_the_site_opens_it(visitor: NewVisitor) -> None:
    client = visitor()
    assert "by invitation" in client.get(SIGN_UP).text
    assert SIGN_UP not in client.get("/accounts/login/").text
    client.get("/accounts/login/")
    form = {"csrfmiddlewaretoken": client.cookies["csrftoken"], "username": "paula"}
    form |= {"email": "paula@example.com", "password1": PASSWORD, "password2": PASSWORD}
    assert "by invitation" in client.post(SIGN_UP, data=form).text
    assert user_named("paula") is None


def test_whoever_signs_up_confirms_their_address_first(
    visitor: NewVisitor, settings: Settings, mailoutbox: list[mail.EmailMessage]
) -> None:
    settings.SIGN_UP = "open"
    client = visitor()
    assert SIGN_UP in client.get("/accounts/login/").text
    assert sign_up(client).headers["location"] == "/accounts/confirm-email/"
    paula = user_named("paula")
    assert paula is not None
    assert paula.email == "paula@example.com"
    entry = AuditEntry.objects.get(organization_id=SITE, action="user.signed_up")
    assert (entry.actor, entry.target, entry.address) == ("paula", "paula", "203.0.113.7")
    assert client.get("/account/settings/tokens/").status_code == 302
    assert (
        post(client, "/accounts/login/", login="paula", password=PASSWORD)
        .headers["location"]
        .startswith("/accounts/confirm-email/")
    )

    link = str(mailoutbox[0].body).partition("/accounts/confirm-email/")[2].split()[0]
    assert post(client, f"/accounts/confirm-email/{link}").status_code == 302
    assert post(client, "/accounts/login/", login="paula", password=PASSWORD).is_redirect
    assert "no organization yet" in client.get("/").text


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"username": "acme"}, "This name is taken."),
        ({"username": "mel"}, "A user with that username already exists."),
        ({"username": "a--b"}, "lower-case letters"),
        ({"username": ""}, "This field is required."),
        ({"email": "no address"}, "Enter a valid email address."),
        ({"password1": "short", "password2": "short"}, "at least 12"),
        ({"password2": "another than the first"}, "the same password"),
    ],
)
def test_what_can_not_be_is_told_and_the_rest_kept(
    visitor: NewVisitor, settings: Settings, changes: dict[str, str], sentence: str
) -> None:
    settings.SIGN_UP = "open"
    answer = sign_up(visitor(), **changes)
    assert answer.status_code == 200
    assert sentence in answer.text
    assert changes.get("username", "paula") in answer.text
    assert user_named("paula") is None


def test_who_has_an_account_already_learns_it_by_email_alone(
    visitor: NewVisitor, settings: Settings, mailoutbox: list[mail.EmailMessage]
) -> None:
    settings.SIGN_UP = "open"
    answer = sign_up(visitor(), email="mel@example.com")
    assert answer.headers["location"] == "/accounts/confirm-email/"
    assert user_named("paula") is None
    assert mailoutbox[0].to == ["mel@example.com"]


def test_two_who_take_one_name_at_once(
    visitor: NewVisitor, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_late(self: User, *args: object, **options: object) -> None:
        raise IntegrityError

    settings.SIGN_UP = "open"
    client = visitor()
    monkeypatch.setattr(User, "save", too_late)
    answer = sign_up(client)
    assert answer.headers["location"] == SIGN_UP
    assert "This name is taken." in client.get(SIGN_UP).text

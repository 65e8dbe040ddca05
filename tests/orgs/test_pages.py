"""The pages of an organization and of a person's own access tokens."""

from collections.abc import Callable

import httpx
import pytest
from django.utils import timezone
from django_scopes import scope

from orgs.models import Membership, Organization, PersonalAccessToken, User
from orgs.queries import organization_named, personal_token
from tests.conftest import named_user, post

pytestmark = pytest.mark.django_db
SETTINGS = "/orgs/acme/settings/"
TOKENS = "/account/settings/tokens/"
SignedIn = Callable[[str], httpx.Client]


def test_the_home_page_lists_ones_own_organizations(signed_in: SignedIn) -> None:
    assert "/orgs/acme/" in signed_in("mel").get("/").text
    assert "/orgs/acme/" not in signed_in("nina").get("/").text


def test_members_and_teams_are_listed(signed_in: SignedIn) -> None:
    mel = signed_in("mel")
    people = mel.get("/orgs/acme/members/").text
    assert "Olivia Okafor" in people
    assert "nina" not in people
    assert "owners" in mel.get("/orgs/acme/teams/").text
    assert "Olivia Okafor" in mel.get("/orgs/acme/teams/owners/").text
    assert mel.get("/orgs/acme/teams/ghosts/").status_code == 404


def test_many_members_come_in_pages(signed_in: SignedIn, acme: Organization) -> None:
    people = [User(username=f"crowd{n:02}", email=f"crowd{n}@example.com") for n in range(60)]
    with scope(organization=acme):
        Membership.objects.bulk_create(
            Membership(organization=acme, user=user) for user in User.objects.bulk_create(people)
        )
    mel = signed_in("mel")
    first, second = mel.get("/orgs/acme/members/"), mel.get("/orgs/acme/members/?page=3")
    assert "crowd00" in first.text
    assert "crowd59" not in first.text
    assert "crowd59" in second.text
    assert mel.get("/orgs/acme/members/?page=nonsense").status_code == 200


def test_an_owner_changes_the_general_settings(signed_in: SignedIn) -> None:
    answer = post(
        signed_in("olivia"),
        SETTINGS,
        display_name="Acme Inc.",
        docker_organization="acme-inc",
        email_domain="@Acme.example",
    )
    assert answer.status_code == 302
    acme = organization_named("acme")
    assert acme is not None
    assert (acme.display_name, acme.docker_organization) == ("Acme Inc.", "acme-inc")
    assert acme.email_domain == "acme.example"
    assert not acme.is_outside("mel@ACME.example")
    assert acme.is_outside("mel@mail.acme.example")
    assert not Organization().is_outside("mel@anywhere.example")


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({"display_name": "", "docker_organization": "acme"}, "This field is required."),
        ({"display_name": "A", "docker_organization": "Acme"}, "lower-case letters"),
        ({"display_name": "A" * 101, "docker_organization": "acme"}, "at most 100"),
        ({"display_name": "A", "docker_organization": "globex"}, "another organization"),
        (
            {"display_name": "A", "docker_organization": "acme", "email_domain": "a@b.example"},
            "Enter a valid domain name.",
        ),
        ({"display_name": "A\x00", "docker_organization": "acme"}, "Null characters"),
    ],
)
def test_general_settings_that_can_not_be_are_told(
    signed_in: SignedIn, form: dict[str, str], sentence: str
) -> None:
    answer = post(signed_in("olivia"), SETTINGS, **form)
    assert answer.status_code == 400
    assert sentence in answer.text


def test_a_personal_token_is_shown_once_and_revoked(signed_in: SignedIn) -> None:
    mel = signed_in("mel")
    answer = post(mel, TOKENS, label="Laptop", scope="repo:read", expires="30")
    secret = "hubadmin_pat_" + answer.text.partition("hubadmin_pat_")[2].partition("<")[0]
    token = personal_token(secret, timezone.now())
    assert token is not None
    assert answer.headers["cache-control"] == "no-store"
    assert token.expires_at is not None

    assert secret not in mel.get(TOKENS).text
    csrf = {"csrfmiddlewaretoken": mel.cookies["csrftoken"]}
    revoke = f"{TOKENS}{token.public_id}/revoke/"
    assert mel.post(revoke, data=csrf).status_code == 302
    assert personal_token(secret, timezone.now()) is None
    assert mel.post(revoke, data=csrf).status_code in (302, 404)


def test_anothers_token_is_none_of_ones_business(signed_in: SignedIn) -> None:
    mel = signed_in("mel")
    olivias = PersonalAccessToken.objects.filter(user=named_user("olivia")).get()
    mel.get(TOKENS)
    csrf = {"csrfmiddlewaretoken": mel.cookies["csrftoken"]}

    assert olivias.public_id not in mel.get(TOKENS).text
    assert mel.post(f"{TOKENS}{olivias.public_id}/revoke/", data=csrf).status_code == 404
    olivias.refresh_from_db()
    assert olivias.revoked_at is None


@pytest.mark.parametrize(
    "form",
    [
        {"label": "", "scope": "repo:read", "expires": "30"},
        {"label": "x", "scope": "repo:everything", "expires": "30"},
        {"label": "x", "scope": "repo:read", "expires": "31"},
        {"label": "x\x00", "scope": "repo:read", "expires": ""},
    ],
)
def test_a_token_that_can_not_be_is_not_made(signed_in: SignedIn, form: dict[str, str]) -> None:
    mel = signed_in("mel")
    assert post(mel, TOKENS, **form).status_code == 400
    assert PersonalAccessToken.objects.filter(user=named_user("mel")).count() == 1


def test_the_activity_page_tells_what_happened(signed_in: SignedIn) -> None:
    olivia = signed_in("olivia")
    post(olivia, "/orgs/acme/settings/permissions/", enabled="on", allow_official_images="on")

    read = {name: signed_in(name).get("/orgs/acme/activity/").text for name in ("mel", "olivia")}
    assert all("changed Image Access Management" in text for text in read.values())
    # From where somebody works is for owners to know.
    assert "203.0.113.7" in read["olivia"]
    assert "203.0.113.7" not in read["mel"]


def test_what_people_type_is_shown_as_text(signed_in: SignedIn) -> None:
    olivia = signed_in("olivia")
    post(olivia, SETTINGS, display_name="<script>alert(1)</script>", docker_organization="acme")
    for path in ("/", "/orgs/acme/", SETTINGS, "/orgs/acme/activity/"):
        assert "<script>alert" not in olivia.get(path).text


def test_site_staff_open_no_tenants_pages(signed_in: SignedIn) -> None:
    User.objects.filter(username="nina").update(is_staff=True, is_superuser=True)
    assert signed_in("nina").get("/orgs/acme/").status_code == 404

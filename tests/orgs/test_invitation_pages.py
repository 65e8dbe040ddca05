"""The pages of invitations: as owners send them, and as whoever gets them answers."""

from collections.abc import Callable

import httpx
import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django_scopes import scope
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from orgs import invitation_views
from orgs.actor import Actor
from orgs.invitation_models import Invitation
from orgs.invitation_operations import invite, revoke_invitation
from orgs.member_operations import add_member, take_out_of_team
from orgs.models import Organization, User
from orgs.operations import change_profile
from orgs.queries import is_owner, membership_of, user_named
from orgs.team_operations import create_team
from tests.conftest import NewVisitor, named_user, post
from tests.orgs.invitations import link_to

pytestmark = pytest.mark.django_db
STAFF = Actor.site_staff()
INVITATIONS = "/orgs/acme/invitations/"
INVITE = f"{INVITATIONS}new/"
MINE = "/account/settings/invitations/"
SIGN_UP = "/accounts/signup/"
ZOE = "zoe@example.com"
ACCOUNT = {
    "username": "zoe",
    "password1": "correct horse battery",
    "password2": "correct horse battery",
}
SignedIn = Callable[[str], httpx.Client]
Link = Callable[..., str]


@pytest.fixture
def link(
    acme: Organization, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> Link:
    """Invites somebody to acme, and gives the link that they get."""

    def make(whom: str, *, to: str = "", teams: tuple[str, ...] = ()) -> str:
        with django_capture_on_commit_callbacks(execute=True):
            invite(Actor("olivia", None, named_user("olivia")), acme, [whom], teams=teams)
        return link_to(to or whom)

    return make


def waiting(organization: Organization) -> list[str]:
    with scope(organization=organization):
        found = Invitation.objects.filter(state="waiting").select_related("user")
        return sorted(one.invitee for one in found)


def send(client: httpx.Client, path: str, **fields: str) -> httpx.Response:
    """Post with the visitor's CSRF token: `path` is no page itself."""
    client.get("/accounts/password/reset/")
    token = {"X-CSRFToken": client.cookies["csrftoken"]}
    return client.post(path, data=fields, headers=token, follow_redirects=True)


def test_an_owner_previews_and_sends(
    signed_in: SignedIn,
    acme: Organization,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    create_team(STAFF, acme, "research")
    olivia = signed_in("olivia")
    people = f"{ZOE}\nmel\nnobody\nnina\n<b>"
    preview = post(olivia, INVITE, people=people, teams="research")
    assert preview.status_code == 200
    for words in (
        "2 of 5 can be invited",
        "Already a member",
        "No user of this name",
        "Neither an e-mail address nor a user name",
        "&lt;b&gt;",
        "Send 2 invitations",
    ):
        assert words in preview.text
    assert waiting(acme) == []
    with django_capture_on_commit_callbacks(execute=True):
        sent = post(olivia, INVITE, people=people, teams="research", send="yes")
    assert sent.headers["location"] == INVITATIONS
    assert "2 invitations sent. 3 left out." in olivia.get(INVITATIONS).text
    assert waiting(acme) == ["nina", ZOE]
    assert sorted(message.to[0] for message in mail.outbox) == ["nina@example.com", ZOE]
    (letter,) = (message for message in mail.outbox if message.to == [ZOE])
    assert letter.subject == "You are invited to acme"
    assert "olivia invites you to the organization acme, into research." in letter.body
    assert "make one there, with this e-mail address" in letter.body


def test_addresses_outside_the_domain_are_marked_and_can_be_invited(
    signed_in: SignedIn, acme: Organization
) -> None:
    olivia = signed_in("olivia")
    people = f"{ZOE}\nyan@acme.example\nyan@mail.acme.example\nnina"
    sentence = "the e-mail domain of acme"
    assert sentence not in post(olivia, INVITE, people=people).text  # acme has none yet
    change_profile(
        Actor("olivia", None, named_user("olivia")),
        acme,
        display_name=acme.display_name,
        docker_organization=acme.docker_organization,
        email_domain="acme.example",
    )
    preview = post(olivia, INVITE, people=people)
    assert preview.status_code == 200
    assert preview.text.count("outside acme.example</span>") == 2
    assert "2 of these addresses are outside <code>acme.example</code>" in preview.text
    assert sentence not in post(olivia, INVITE, people="yan@acme.example\nnina\n@").text
    post(olivia, INVITE, people=people, send="yes")
    assert waiting(acme) == ["nina", "yan@acme.example", "yan@mail.acme.example", ZOE]


@pytest.mark.parametrize(
    ("people", "file", "sentence"),
    [
        ("", b"", "at least one e-mail address or user name"),
        ("", b"Email\n", "at least one e-mail address or user name"),
        ("", "Zoë".encode("utf-16"), "can&#x27;t be read as text"),
        ("", b"n" * 131_073, "can&#x27;t be read as CSV"),
        ("nina\n" * 1_001, b"", "1,001 lines are too many"),
        ("nina\n" * 600, b"ivan\n" * 600, "1,200 lines are too many"),
        ("n" * 300_001, b"", "at most 300000 characters"),
        ("nina\x00", b"", "Null characters"),
    ],
)
def test_what_can_not_be_read_is_told(
    signed_in: SignedIn, people: str, file: bytes, sentence: str
) -> None:
    olivia = signed_in("olivia")
    olivia.get(INVITE)
    answer = olivia.post(
        INVITE,
        data={"people": people},
        files={"file": ("people.csv", file)} if file else None,
        headers={"X-CSRFToken": olivia.cookies["csrftoken"]},
    )
    assert answer.status_code == 400
    assert sentence in answer.text


def test_a_file_is_previewed_and_needs_no_second_choosing(signed_in: SignedIn) -> None:
    olivia = signed_in("olivia")
    olivia.get(INVITE)
    answer = olivia.post(
        INVITE,
        data={"people": "ivan"},
        files={"file": ("people.csv", b"\xef\xbb\xbfName,Email\r\nZoe,zoe@example.com\r\n")},
        headers={"X-CSRFToken": olivia.cookies["csrftoken"]},
    )
    assert "2 of 2 can be invited" in answer.text
    assert 'name="people" value="ivan\nzoe@example.com"' in answer.text


def test_whoever_guesses_names_is_stopped(
    signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(invitation_views, "UNKNOWN_IN_AN_HOUR", 3)
    olivia = signed_in("olivia")
    assert post(olivia, INVITE, people="who1 who2,who3, who4").status_code == 200
    answer = post(olivia, INVITE, people="who5,who6")
    assert answer.status_code == 400
    assert "Too many of these user names" in answer.text
    assert "No user of this name" not in answer.text
    assert post(olivia, INVITE, people="nina").status_code == 200


def test_sending_at_once_tells_no_more_unknown_names(
    signed_in: SignedIn, acme: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(invitation_views, "UNKNOWN_IN_AN_HOUR", 3)
    olivia = signed_in("olivia")
    for number in range(3):
        post(olivia, INVITE, people=f"nobody-{number}", send="yes")
    answer = post(olivia, INVITE, people="nobody-4\nnina", send="yes")
    assert "Too many of these user names" in answer.text
    assert waiting(acme) == []


def test_nobody_left_to_invite_is_told(signed_in: SignedIn, acme: Organization) -> None:
    answer = post(signed_in("olivia"), INVITE, people="mel", send="yes")
    assert answer.status_code == 400
    assert "None of these people can be invited." in answer.text
    odd = post(signed_in("olivia"), INVITE, people="nina", teams="ghosts", send="yes")
    assert "Select a valid choice" in odd.text
    assert waiting(acme) == []


def test_an_owner_sends_again_and_revokes(
    signed_in: SignedIn, acme: Organization, link: Link
) -> None:
    link("nina", to="nina@example.com")
    with scope(organization=acme):
        public_id = Invitation.objects.get().public_id
    olivia = signed_in("olivia")
    assert "within the last hour" in send(olivia, f"{INVITATIONS}{public_id}/resend/").text
    revoked = send(olivia, f"{INVITATIONS}{public_id}/revoke/")
    assert "The invitation to nina is revoked." in revoked.text
    assert "Revoked" in olivia.get(f"{INVITATIONS}?show=past").text
    assert "is revoked" in send(olivia, f"{INVITATIONS}{public_id}/revoke/").text
    gus = signed_in("gus")
    assert send(gus, f"/orgs/globex/invitations/{public_id}/revoke/").status_code == 404


def test_a_user_finds_the_invitation_and_accepts(
    signed_in: SignedIn, acme: Organization, link: Link
) -> None:
    path = link("nina", to="nina@example.com")
    nina, ivan = signed_in("nina"), signed_in("ivan")
    for page in ("/", MINE, path):
        assert "Acme Corporation" in nina.get(page).text
        assert ">Accept<" in nina.get(page).text
    for page in ("/", MINE):
        assert "Acme Corporation" not in ivan.get(page).text
    with scope(organization=acme):
        public_id = Invitation.objects.get().public_id
    assert send(ivan, f"{MINE}{public_id}/accept/").status_code == 404
    accepted = send(nina, f"{MINE}{public_id}/accept/")
    assert "You are a member of acme now." in accepted.text
    assert membership_of(named_user("nina"), "acme") is not None
    again = nina.get(path)
    assert again.status_code == 404
    assert "accepted already" in again.text


def test_a_user_declines(signed_in: SignedIn, acme: Organization, link: Link) -> None:
    link("nina", to="nina@example.com")
    nina = signed_in("nina")
    with scope(organization=acme):
        public_id = Invitation.objects.get().public_id
    declined = send(nina, f"{MINE}{public_id}/decline/")
    assert "You have declined to join acme." in declined.text
    assert "No invitation is waiting" in declined.text
    assert membership_of(named_user("nina"), "acme") is None


def test_a_wrong_account_is_told_so(signed_in: SignedIn, link: Link) -> None:
    path = link(ZOE)
    page = signed_in("ivan").get(path)
    assert page.status_code == 200
    assert "You are signed in as ivan, but this invitation is for zoe@example.com." in page.text
    assert ">Accept<" not in page.text


def test_whoever_has_an_account_signs_in_to_accept(visitor: NewVisitor, link: Link) -> None:
    page = visitor().get(link("nina@example.com")).text
    assert "Sign in to accept" in page
    assert "Make an account" not in page


def test_nobody_needs_an_account_to_decline(
    visitor: NewVisitor, acme: Organization, link: Link
) -> None:
    stranger = visitor()
    path = link(ZOE)
    assert "You have declined" in send(stranger, f"{path}decline/").text
    assert waiting(acme) == []
    assert stranger.get(path).status_code == 404
    assert send(stranger, f"{path}decline/").status_code == 200
    assert send(stranger, "/invitations/hubadmin_inv_none/decline/").status_code == 404


def test_an_invitee_makes_an_account_where_sign_up_is_closed(
    visitor: NewVisitor, acme: Organization, link: Link
) -> None:
    zoe = visitor()
    path = link(ZOE, teams=("owners",))
    assert "by invitation" in zoe.get(SIGN_UP).text
    assert "Make your account" in send(zoe, f"{path}sign-up/").text
    # Whatever address is typed, or stands in the link: it is the invited one.
    form = {**ACCOUNT, "email": "mallory@example.com"}
    made = post(zoe, f"{SIGN_UP}?email=mallory@example.com", **form)
    assert made.is_redirect
    page = zoe.get("/")
    assert "You are a member of acme now." in page.text
    assert "Acme Corporation" in page.text
    user = named_user("zoe")
    addresses = list(EmailAddress.objects.filter(user=user).values_list("email", "verified"))
    assert (user.email, addresses) == (ZOE, [(ZOE, True)])
    assert is_owner(acme, user)
    assert "by invitation" in visitor().get(SIGN_UP).text
    assert zoe.get(path).status_code == 404


def test_a_revoked_invitation_opens_no_account(
    visitor: NewVisitor, acme: Organization, link: Link
) -> None:
    zoe = visitor()
    send(zoe, f"{link(ZOE)}sign-up/")
    with scope(organization=acme):
        revoke_invitation(STAFF, acme, Invitation.objects.get().public_id)
    assert "by invitation" in zoe.get(SIGN_UP).text
    token = {"X-CSRFToken": zoe.cookies["csrftoken"]}
    assert "by invitation" in zoe.post(SIGN_UP, data=ACCOUNT, headers=token).text
    assert user_named("zoe") is None


def test_an_invitation_that_can_t_be_accepted_makes_no_account(
    visitor: NewVisitor, acme: Organization, link: Link
) -> None:
    zoe = visitor()
    send(zoe, f"{link(ZOE, teams=('owners',))}sign-up/")
    add_member(STAFF, acme, named_user("nina"), teams=["owners"])
    take_out_of_team(STAFF, acme, "owners", ["olivia"])
    refused = post(zoe, SIGN_UP, **ACCOUNT)
    assert "olivia, who invited you to be an owner" in zoe.get(refused.headers["location"]).text
    assert user_named("zoe") is None
    assert waiting(acme) == [ZOE]


def test_an_invitation_by_name_opens_no_account(visitor: NewVisitor, link: Link) -> None:
    stranger = visitor()
    answer = send(stranger, f"{link('nina', to='nina@example.com')}sign-up/")
    assert "Sign in to accept" in answer.text
    assert "by invitation" in stranger.get(SIGN_UP).text


def test_a_taken_name_is_told_and_the_invitation_stays_good(
    visitor: NewVisitor, acme: Organization, link: Link
) -> None:
    zoe = visitor()
    send(zoe, f"{link(ZOE)}sign-up/")
    for name, sentence in (("mel", "already exists"), ("acme", "This name is taken")):
        taken = post(zoe, SIGN_UP, **{**ACCOUNT, "username": name})
        assert taken.status_code == 200
        assert sentence in taken.text
    assert waiting(acme) == [ZOE]
    assert post(zoe, SIGN_UP, **ACCOUNT).is_redirect
    assert membership_of(named_user("zoe"), "acme") is not None


def test_on_an_open_site_too_the_link_saves_the_confirmation(
    visitor: NewVisitor, acme: Organization, link: Link, settings: Settings
) -> None:
    settings.SIGN_UP = "open"
    zoe = visitor()
    send(zoe, f"{link(ZOE)}sign-up/")
    assert post(zoe, SIGN_UP, **ACCOUNT).headers["location"] == "/orgs/acme/"
    assert membership_of(named_user("zoe"), "acme") is not None
    other = visitor()
    made = post(other, SIGN_UP, **{**ACCOUNT, "username": "yan", "email": "yan@example.com"})
    assert made.headers["location"] == "/accounts/confirm-email/"


def test_the_downloaded_list_has_the_invited(signed_in: SignedIn, link: Link) -> None:
    link(ZOE, teams=("owners",))
    rows = signed_in("olivia").get("/orgs/acme/members.csv").text.splitlines()
    assert rows[-1] == ",,zoe@example.com,Invitee,Owner,owners,"


def test_activity_tells_owners_and_not_members(signed_in: SignedIn, link: Link) -> None:
    link(ZOE)
    told = {name: signed_in(name).get("/orgs/acme/activity/").text for name in ("mel", "olivia")}
    assert ZOE in told["olivia"]
    assert ZOE not in told["mel"]
    assert User.objects.filter(email=ZOE).count() == 0

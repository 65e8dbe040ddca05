"""Inviting, and what becomes of an invitation."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.db import IntegrityError, transaction
from django.utils import timezone
from django_scopes import scope, scopes_disabled
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from audit.queries import entries_of
from orgs.actor import Actor, Invalid, NotAllowed
from orgs.invitation_lines import Outcome
from orgs.invitation_models import Invitation
from orgs.invitation_operations import (
    accept_invitation,
    clear_invitations,
    decline_invitation,
    invite,
    resend_invitation,
    revoke_invitation,
)
from orgs.invitation_queries import invitation_with_secret, waiting_for
from orgs.member_operations import add_member, remove_members, take_out_of_team
from orgs.models import Organization
from orgs.operations import create_user, deactivate_user
from orgs.queries import is_owner, member_of, membership_of
from orgs.team_operations import create_team, delete_team
from permissions.queries import policy_of
from tests.conftest import named_user
from tests.orgs.invitations import link_to

pytestmark = pytest.mark.django_db
STAFF = Actor.site_staff()
ZOE = "zoe@example.com"


@pytest.fixture(autouse=True)
def _letters_leave(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> Iterator[None]:
    with django_capture_on_commit_callbacks(execute=True):
        yield


def actor(name: str) -> Actor:
    return Actor(name, "198.51.100.1", named_user(name))


def only(organization: Organization) -> Invitation:
    with scope(organization=organization):
        return Invitation.objects.select_related("user").get()


def age(organization: Organization, by: timedelta) -> None:
    """Let so much time go by for all invitations."""
    with scope(organization=organization):
        for one in Invitation.objects.all():
            one.created_at, one.sent_at = one.created_at - by, one.sent_at - by
            one.expires_at -= by
            if one.settled_at:
                one.settled_at -= by
            one.save()


def test_a_user_is_invited_and_accepts(acme: Organization) -> None:
    create_team(STAFF, acme, "research")
    version = policy_of(acme).version
    (line,) = invite(actor("olivia"), acme, ["nina"], teams=["research"])
    assert line.outcome is Outcome.VALID
    assert policy_of(acme).version == version
    (mine,) = waiting_for(named_user("nina"))
    assert waiting_for(named_user("ivan")) == []

    accept_invitation(actor("nina"), acme, mine.public_id)
    with scope(organization=acme):
        membership = member_of(acme, "nina")
        assert membership is not None
        assert [team.name for team in membership.teams.all()] == ["research"]
    assert policy_of(acme).version == version + 1
    entry = entries_of(acme.pk)[0]
    assert (entry.actor, entry.action) == ("nina", "invitation.accepted")
    assert entry.after == {"joined": ["research"], "invited_by": "olivia"}
    with pytest.raises(Invalid, match="is accepted"):
        accept_invitation(actor("nina"), acme, mine.public_id)


def test_only_who_has_the_address_accepts(acme: Organization) -> None:
    invite(actor("olivia"), acme, ["Nina@Example.com"])
    invitation = only(acme)
    assert (invitation.email, invitation.user) == ("nina@example.com", None)
    with pytest.raises(NotAllowed, match="somebody else"):
        accept_invitation(actor("ivan"), acme, invitation.public_id)
    EmailAddress.objects.create(user=named_user("ivan"), email="ivan@work.example", verified=False)
    accept_invitation(actor("nina"), acme, invitation.public_id)
    assert membership_of(named_user("nina"), "acme") is not None

    invite(actor("olivia"), acme, ["ivan@work.example"])
    assert waiting_for(named_user("ivan")) == []
    EmailAddress.objects.filter(email="ivan@work.example").update(verified=True)
    assert len(waiting_for(named_user("ivan"))) == 1


def test_no_line_tells_whether_an_address_has_an_account(acme: Organization) -> None:
    EmailAddress.objects.create(user=named_user("mel"), email="mel@home.example", verified=True)
    lines = invite(STAFF, acme, ["nina@example.com", "nobody@example.com", "mel@home.example"])
    assert {line.outcome for line in lines} == {Outcome.VALID}


def test_outcomes_come_from_what_is_there(acme: Organization) -> None:
    yan = create_user(STAFF, username="yan", email="yan@example.com", password=None)
    deactivate_user(STAFF, yan)
    invite(STAFF, acme, [ZOE])
    typed = ["mel", "mel@example.com", ZOE, "yan", "nobody", "?", "nina", "nina"]
    assert [line.outcome for line in invite(STAFF, acme, typed)] == [
        Outcome.MEMBER,
        Outcome.MEMBER,
        Outcome.INVITED,
        Outcome.UNKNOWN,
        Outcome.UNKNOWN,
        Outcome.MALFORMED,
        Outcome.VALID,
        Outcome.DUPLICATE,
    ]


def test_who_accepts_one_has_accepted_all(acme: Organization) -> None:
    invite(STAFF, acme, ["nina", "nina@example.com", ZOE])
    accept_invitation(actor("nina"), acme, waiting_for(named_user("nina"))[0].public_id)
    with scope(organization=acme):
        states = dict(Invitation.objects.values_list("email", "state"))
    assert states == {"": "accepted", "nina@example.com": "accepted", ZOE: "waiting"}


def test_a_link_is_good_once_and_the_newest_one_only(
    acme: Organization, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        invite(STAFF, acme, [ZOE])
    first = link_to(ZOE).split("/")[2]
    assert invitation_with_secret(first) == only(acme)
    with pytest.raises(Invalid, match="within the last hour"):
        resend_invitation(actor("olivia"), acme, only(acme).public_id)
    age(acme, timedelta(hours=2))
    with django_capture_on_commit_callbacks(execute=True):
        resend_invitation(actor("olivia"), acme, only(acme).public_id)
    second = link_to(ZOE).split("/")[2]
    assert invitation_with_secret(first) is None
    found = invitation_with_secret(second)
    assert found is not None
    assert found.invited_by == "olivia"
    assert first not in str(only(acme).__dict__)
    assert invitation_with_secret("hubadmin_inv_nonsense") is None


def test_a_revoked_or_declined_one_is_good_for_nothing(acme: Organization) -> None:
    for end in (revoke_invitation, decline_invitation):
        invite(STAFF, acme, ["nina"])
        (mine,) = waiting_for(named_user("nina"))
        end(actor("olivia" if end is revoke_invitation else "nina"), acme, mine.public_id)
        assert waiting_for(named_user("nina")) == []
        for again in (accept_invitation, decline_invitation):
            with pytest.raises(Invalid, match=r"is (revoked|declined)"):
                again(actor("nina"), acme, mine.public_id)
        with pytest.raises(Invalid):
            resend_invitation(STAFF, acme, mine.public_id)


def test_an_old_one_expires_and_can_be_sent_again(acme: Organization) -> None:
    invite(STAFF, acme, ["nina"])
    public_id = only(acme).public_id
    age(acme, timedelta(days=14))
    assert waiting_for(named_user("nina")) == []
    with pytest.raises(Invalid, match="has expired"):
        accept_invitation(actor("nina"), acme, public_id)
    assert clear_invitations(timezone.now()) == 1
    assert only(acme).state == "expired"
    resend_invitation(STAFF, acme, public_id)
    accept_invitation(actor("nina"), acme, public_id)
    assert membership_of(named_user("nina"), "acme") is not None


def test_somebody_can_be_invited_anew_when_the_old_one_has_expired(acme: Organization) -> None:
    invite(STAFF, acme, ["nina"])
    old = only(acme).public_id
    age(acme, timedelta(days=15))
    assert invite(STAFF, acme, ["nina"])[0].outcome is Outcome.VALID
    with pytest.raises(Invalid, match="invited anew"):
        resend_invitation(STAFF, acme, old)
    with scope(organization=acme):
        age(acme, timedelta(days=95))
    assert clear_invitations(timezone.now()) == 2


def test_the_word_of_an_owner_ends_with_their_being_one(acme: Organization) -> None:
    add_member(STAFF, acme, named_user("mel"), teams=["owners"])
    invite(actor("mel"), acme, ["nina"], teams=["owners"])
    public_id = only(acme).public_id
    take_out_of_team(STAFF, acme, "owners", ["mel"])
    with pytest.raises(Invalid, match="mel, who invited you to be an owner, is none"):
        accept_invitation(actor("nina"), acme, public_id)
    age(acme, timedelta(hours=2))
    resend_invitation(actor("olivia"), acme, public_id)
    accept_invitation(actor("nina"), acme, public_id)
    assert is_owner(acme, named_user("nina"))


def test_who_became_a_member_meanwhile_is_not_written_to_again(acme: Organization) -> None:
    invite(STAFF, acme, ["nina"])
    add_member(STAFF, acme, named_user("nina"))
    age(acme, timedelta(hours=2))
    with pytest.raises(Invalid, match="is a member of acme already"):
        resend_invitation(STAFF, acme, only(acme).public_id)


def test_a_team_that_is_gone_is_joined_by_nobody(acme: Organization) -> None:
    create_team(STAFF, acme, "research")
    invite(STAFF, acme, ["nina"], teams=["research"])
    delete_team(STAFF, acme, "research")
    accept_invitation(actor("nina"), acme, only(acme).public_id)
    assert membership_of(named_user("nina"), "acme") is not None
    remove_members(STAFF, acme, ["nina"])
    assert waiting_for(named_user("nina")) == []


def test_there_are_limits(acme: Organization, settings: Settings) -> None:
    with pytest.raises(Invalid, match="1,001 lines are too many"):
        invite(actor("olivia"), acme, ["nina"] * 1_001)
    settings.INVITATIONS_PER_DAY = 3
    invite(actor("olivia"), acme, ["a@example.com", "b@example.com", "c@example.com"])
    with pytest.raises(Invalid, match="3 invitations in a day"):
        invite(actor("olivia"), acme, ["d@example.com"])
    invite(STAFF, acme, ["d@example.com"])
    age(acme, timedelta(days=1))
    invite(actor("olivia"), acme, ["e@example.com"])


def test_members_and_strangers_invite_nobody(acme: Organization, globex: Organization) -> None:
    invite(STAFF, acme, ["nina"])
    public_id = only(acme).public_id
    for name in ("mel", "ivan"):
        for change in (
            lambda who: invite(actor(who), acme, [ZOE]),
            lambda who: resend_invitation(actor(who), acme, public_id),
            lambda who: revoke_invitation(actor(who), acme, public_id),
            lambda who: accept_invitation(actor(who), acme, public_id),
            lambda who: decline_invitation(actor(who), acme, public_id),
        ):
            with pytest.raises(NotAllowed):
                change(name)
    with pytest.raises(Invalid, match="is gone"):
        revoke_invitation(actor("gus"), globex, public_id)


def test_the_database_keeps_invitations_whole(acme: Organization) -> None:
    invite(STAFF, acme, ["nina", ZOE])
    with scopes_disabled():
        for wrong in (
            {"email": "", "user": None},
            {"email": "Zoe@example.com"},
            {"state": "accepted"},
            {"state": "lost"},
            {"expires_at": timezone.now() - timedelta(days=1)},
        ):
            with pytest.raises(IntegrityError), transaction.atomic():
                Invitation.objects.filter(email=ZOE).update(**wrong)


def test_a_thousand_are_invited_at_once(acme: Organization) -> None:
    lines = invite(actor("olivia"), acme, [f"person{n}@example.com" for n in range(1_000)])
    assert {line.outcome for line in lines} == {Outcome.VALID}
    assert mail.outbox == []  # they leave when all is written

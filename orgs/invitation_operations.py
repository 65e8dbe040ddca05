"""Inviting people, and what they and owners do with an invitation. The actor first."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail.message import EmailMultiAlternatives
from django.db.models import F, QuerySet
from django.urls import reverse
from django.utils import timezone

from orgs.actor import Actor, Invalid, NotAllowed
from orgs.events import announce
from orgs.invitation_lines import MOST_LINES, Line, Outcome
from orgs.invitation_models import Invitation
from orgs.invitation_queries import (
    invitation_of,
    is_invitee,
    long_settled,
    look_at,
    overdue,
    sent_since,
    waiting_in,
)
from orgs.letters import letter
from orgs.mail import post_on_commit
from orgs.member_operations import admit
from orgs.models import Organization, Team, User
from orgs.queries import is_owner, user_named
from orgs.secrets import SecretKind, new_public_id, new_secret, secret_digest
from orgs.transactions import (
    existing_team,
    operation,
    record_change,
    record_change_to_each,
    require_owner,
)

State = Invitation.State
LIFE = timedelta(days=14)
DAY = timedelta(days=1)
# Whoever deletes what they got must not get it again and again.
SENT_AGAIN_AFTER = timedelta(hours=1)
# How long owners see what became of one; then its address has no business here.
KEPT = timedelta(days=90)


@operation
def invite(
    actor: Actor, organization: Organization, lines: Sequence[str], *, teams: Iterable[str] = ()
) -> list[Line]:
    """Invite whoever can be of these lines, into these teams, and write to them.

    Returns what became of each line. Raises `Invalid` for too many, at once or in a day.
    """
    require_owner(actor, organization, "invite people")
    if len(lines) > MOST_LINES:
        raise Invalid(f"{len(lines):,} lines are too many: give at most {MOST_LINES:,} at once.")
    joining = [existing_team(organization, name) for name in teams]
    now = timezone.now()
    _note_overdue(Invitation.objects.filter(state=State.WAITING, expires_at__lte=now))
    looked_at = look_at(organization, lines)
    valid = [line for line in looked_at if line.outcome is Outcome.VALID]
    _require_few(actor, organization, len(valid), now)
    made = [_new(actor, organization, line, now) for line in valid]
    secrets = [_renew(invitation, now) for invitation in made]
    Invitation.objects.bulk_create(made)
    into = Invitation.teams.through
    into.objects.bulk_create(
        into(invitation_id=one.pk, team_id=team.pk) for one in made for team in joining
    )
    after = {"joined": [team.name for team in joining]} if joining else None
    invitees = [invitation.invitee for invitation in made]
    record_change_to_each(actor, organization, "invitation.sent", invitees, after=after)
    post_on_commit(_letters(organization, joining, zip(made, secrets, strict=True)))
    return looked_at


@operation
def resend_invitation(actor: Actor, organization: Organization, public_id: str) -> Invitation:
    """Send an invitation once more, with another link and as long a life as a new one.

    Raises `Invalid` for one that is settled, or was sent a moment ago.
    """
    require_owner(actor, organization, "invite people")
    invitation = _of(organization, public_id, State.WAITING, State.EXPIRED)
    now = timezone.now()
    if invitation.sent_at > now - SENT_AGAIN_AFTER:
        raise Invalid(f"{invitation} was written to within the last hour. Wait a little.")
    if look_at(organization, [invitation.invitee])[0].outcome is Outcome.MEMBER:
        raise Invalid(f"{invitation} is a member of {organization.name} already.")
    if invitation.state == State.EXPIRED and _waits_otherwise(invitation):
        raise Invalid(f"{invitation} has been invited anew since.")
    _require_few(actor, organization, 1, now)
    secret = _renew(invitation, now)
    invitation.state, invitation.settled_at = State.WAITING, None
    # Whoever sends it again answers for it from now on.
    invitation.invited_by = actor.name
    invitation.save()
    teams = list(invitation.teams.all())
    record_change(actor, organization, "invitation.resent", invitation.invitee)
    post_on_commit(_letters(organization, teams, [(invitation, secret)]))
    return invitation


@operation
def revoke_invitation(actor: Actor, organization: Organization, public_id: str) -> Invitation:
    """Take an invitation back: its link is good for nothing. Raises `Invalid` if it is settled."""
    require_owner(actor, organization, "revoke invitations")
    invitation = _of(organization, public_id, State.WAITING)
    _settle(invitation, State.REVOKED, actor.name)
    record_change(actor, organization, "invitation.revoked", invitation.invitee)
    return invitation


@operation
def accept_invitation(actor: Actor, organization: Organization, public_id: str) -> Invitation:
    """Make the actor a member, in the teams that the invitation names.

    Raises `NotAllowed` for whoever it was not sent to, `Invalid` if it is settled or expired.
    """
    user = _invitee(actor, organization, public_id)
    invitation = _of(organization, public_id, State.WAITING)
    if not invitation.is_waiting:
        raise Invalid(f"This invitation has expired. Ask an owner of {organization.name} for one.")
    teams = list(invitation.teams.all())
    _require_word_of_an_owner(organization, invitation, teams)
    _, _, joined = admit(organization, user, teams)
    # Whoever was invited by name and by address has now accepted both.
    for other in waiting_in(organization, user):
        _settle(other, State.ACCEPTED, actor.name)
    after = {"joined": joined, "invited_by": invitation.invited_by}
    record_change(actor, organization, "invitation.accepted", after=after)
    announce([organization])
    return invitation


@operation
def decline_invitation(
    actor: Actor, organization: Organization, public_id: str, *, by_link: bool = False
) -> Invitation:
    """Settle an invitation without joining. `by_link`: the actor holds its link, which is enough.

    Raises as `accept_invitation` does.
    """
    if not by_link:
        _invitee(actor, organization, public_id)
    invitation = _of(organization, public_id, State.WAITING)
    _settle(invitation, State.DECLINED, actor.name if actor.user else "")
    record_change(actor, organization, "invitation.declined", invitation.invitee)
    return invitation


def clear_invitations(now: datetime) -> int:
    """Note which invitations have expired, and forget the long settled; returns how many."""
    return _note_overdue(overdue(now)) + long_settled(now, KEPT).delete()[0]


def _new(actor: Actor, organization: Organization, line: Line, now: datetime) -> Invitation:
    return Invitation(
        organization=organization,
        public_id=new_public_id(SecretKind.INVITATION),
        email=line.email,
        user=line.user,
        invited_by=actor.name,
        created_at=now,
    )


def _renew(invitation: Invitation, now: datetime) -> str:
    """Give an invitation a fresh link and life; returns the link's secret, stored nowhere."""
    secret = new_secret(SecretKind.INVITATION)
    invitation.digest = secret_digest(secret)
    invitation.sent_at, invitation.expires_at = now, now + LIFE
    return secret


def _letters(
    organization: Organization, teams: Sequence[Team], sent: Iterable[tuple[Invitation, str]]
) -> Iterator[EmailMultiAlternatives]:
    for invitation, secret in sent:
        link = settings.SITE_URL + reverse("received_invitation", args=[secret])
        context = {
            "invitation": invitation,
            "organization": organization,
            "teams": [team.name for team in teams if not team.is_owners],
            "as_owner": any(team.is_owners for team in teams),
            "link": link,
        }
        to = invitation.user.email if invitation.user else invitation.email
        yield letter("orgs/email/invitation", to, context)


def _require_few(actor: Actor, organization: Organization, number: int, now: datetime) -> None:
    most = settings.INVITATIONS_PER_DAY
    if actor.user is not None and sent_since(organization, now - DAY) + number > most:
        raise Invalid(
            f"{organization.name} can send {most:,} invitations in a day, and these would be too "
            "many. Invite fewer, go on tomorrow, or ask site staff."
        )


def _of(organization: Organization, public_id: str, *states: str) -> Invitation:
    invitation = invitation_of(organization, public_id)
    if invitation is None or invitation.state not in states:
        state = invitation.get_state_display().lower() if invitation else "gone"
        raise Invalid(f"This invitation to {organization.name} is {state}.")
    return invitation


def _invitee(actor: Actor, organization: Organization, public_id: str) -> User:
    invitation = invitation_of(organization, public_id)
    if actor.user is None or invitation is None or not is_invitee(invitation, actor.user):
        raise NotAllowed("This invitation was sent to somebody else.")
    return actor.user


def _settle(invitation: Invitation, state: str, by: str) -> None:
    invitation.state, invitation.settled_at, invitation.settled_by = state, timezone.now(), by
    invitation.save(update_fields=["state", "settled_at", "settled_by"])


def _waits_otherwise(invitation: Invitation) -> bool:
    waiting = Invitation.objects.filter(state=State.WAITING)
    return waiting.filter(email=invitation.email, user=invitation.user).exists()


def _require_word_of_an_owner(
    organization: Organization, invitation: Invitation, teams: Iterable[Team]
) -> None:
    """Let nobody become an owner by the word of somebody who is none any more."""
    if not any(team.is_owners for team in teams):
        return
    inviter = user_named(invitation.invited_by)
    by_staff = invitation.invited_by == Actor.site_staff().name
    if not by_staff and (inviter is None or not is_owner(organization, inviter)):
        raise Invalid(
            f"{invitation.invited_by}, who invited you to be an owner, is none any more. "
            f"Ask an owner of {organization.name} to send the invitation again."
        )


def _note_overdue(invitations: QuerySet[Invitation]) -> int:
    return invitations.update(state=State.EXPIRED, settled_at=F("expires_at"))

"""Reading invitations: an organization's, a person's own, and who could be invited."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from allauth.account.models import EmailAddress
from django.db.models import Q, QuerySet
from django.utils import timezone
from django_scopes import scope, scopes_disabled

from orgs.invitation_lines import Line, outcomes, read
from orgs.invitation_models import Invitation
from orgs.models import Membership, Organization, User
from orgs.secrets import SecretKind, kind_of, secret_digest

READ_AT_ONCE = 1_000


def invitations_of(organization: Organization, *, waiting: bool) -> QuerySet[Invitation]:
    """An organization's invitations with users and teams, the last sent first."""
    state = Q(state=Invitation.State.WAITING)
    with scope(organization=organization):
        invitations = Invitation.objects.select_related("user").prefetch_related("teams")
        return invitations.filter(state if waiting else ~state)


def every_waiting(organization: Organization) -> Iterator[Invitation]:
    """All waiting invitations by age, read a thousand at a time."""
    after = 0
    while True:
        with scope(organization=organization):
            waiting = invitations_of(organization, waiting=True).order_by("pk")
            some = list(waiting.filter(pk__gt=after)[:READ_AT_ONCE])
        yield from some
        if len(some) < READ_AT_ONCE:
            return
        after = some[-1].pk


def invitation_of(organization: Organization, public_id: str) -> Invitation | None:
    """The organization's invitation of this public id, or None."""
    with scope(organization=organization):
        invitations = Invitation.objects.select_related("user")
        return invitations.filter(public_id=public_id).first()


def sent_since(organization: Organization, since: datetime) -> int:
    """How many invitations an organization has sent since a moment."""
    with scope(organization=organization):
        return Invitation.objects.filter(sent_at__gt=since).count()


def waiting_for(user: User) -> list[Invitation]:
    """The invitations that a person can accept, with organization and teams."""
    with scopes_disabled():
        mine = Invitation.objects.filter(_to(user))
        waiting = mine.filter(state=Invitation.State.WAITING, expires_at__gt=timezone.now())
        return list(waiting.select_related("organization", "user").prefetch_related("teams"))


def waiting_in(organization: Organization, user: User) -> QuerySet[Invitation]:
    """What waits for a person in one organization, by name and by each of their addresses."""
    with scope(organization=organization):
        return Invitation.objects.filter(_to(user), state=Invitation.State.WAITING)


def received_invitation(user: User, public_id: str) -> Invitation | None:
    """The invitation of this public id if this person can accept it, or None."""
    return next((one for one in waiting_for(user) if one.public_id == public_id), None)


def invitation_with_secret(secret: str) -> Invitation | None:
    """The invitation, waiting or not, whose link holds this secret, or None."""
    if kind_of(secret) is not SecretKind.INVITATION:
        return None
    return invitation_with_digest(secret_digest(secret))


def invitation_with_digest(digest: str) -> Invitation | None:
    """The invitation whose link holds the secret with this digest, or None."""
    with scopes_disabled():
        invitations = Invitation.objects.select_related("organization", "user")
        return invitations.prefetch_related("teams").filter(digest=digest).first()


def is_invitee(invitation: Invitation, user: User) -> bool:
    """Whether an invitation was sent to this person, or to a verified address of theirs."""
    if invitation.user is not None:
        return invitation.user == user
    addresses = EmailAddress.objects.filter(user=user, verified=True, email=invitation.email)
    return bool(addresses.exists())


def has_account(email: str) -> bool:
    """Whether somebody has this address. For whoever has proved that it is theirs."""
    return (
        User.objects.filter(email=email).exists()
        or EmailAddress.objects.filter(email=email, verified=True).exists()
    )


def look_at(organization: Organization, lines: Iterable[str]) -> list[Line]:
    """What would become of each line if these people were invited now."""
    invitees = [read(text) for text in lines]
    names = {one.username for one in invitees if one.username}
    emails = {one.email for one in invitees if one.email}
    users = {user.username: user for user in User.objects.filter(username__in=names)}
    with scope(organization=organization):
        members = Membership.objects.filter(
            Q(user__username__in=names) | Q(user__email__in=emails)
        ).values_list("user__username", "user__email")
        # Another address of a member's is nothing that an owner knows.
        invited = Invitation.objects.filter(
            Q(user__username__in=names) | Q(email__in=emails),
            state=Invitation.State.WAITING,
            expires_at__gt=timezone.now(),
        ).values_list("user__username", "email")
        return outcomes(
            invitees,
            users={name: user for name, user in users.items() if user.is_active},
            members={text for pair in members for text in pair},
            invited={text for pair in invited for text in pair if text},
        )


def overdue(now: datetime) -> QuerySet[Invitation]:
    """Invitations, of all organizations, that wait for nothing any more."""
    with scopes_disabled():
        return Invitation.objects.filter(state=Invitation.State.WAITING, expires_at__lte=now)


def long_settled(now: datetime, kept: timedelta) -> QuerySet[Invitation]:
    """Invitations, of all organizations, of which nobody needs to know any more."""
    with scopes_disabled():
        return Invitation.objects.filter(settled_at__lt=now - kept)


def _to(user: User) -> Q:
    addresses = EmailAddress.objects.filter(user=user, verified=True).values("email")
    return Q(user=user) | Q(email__in=addresses)

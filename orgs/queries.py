"""Reading who somebody is. Functions about one organization start from it."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from hmac import compare_digest
from typing import Any

from allauth.mfa.models import Authenticator
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone
from django_scopes import scope, scopes_disabled

from orgs.models import (
    Membership,
    Name,
    Organization,
    OrganizationAccessToken,
    PersonalAccessToken,
    RefreshToken,
    Team,
    TeamMembership,
    User,
)
from orgs.names import is_name
from orgs.rows import Row, Rows
from orgs.secrets import SecretKind, kind_of, password_stamp, secret_digest

LAST_USED_PRECISION = timedelta(minutes=1)
# Docker Engine keeps what it was given at sign-in and forgets a newer one, so refresh tokens
# are not replaced at use; they end by themselves instead.
REFRESH_TOKEN_IDLE = timedelta(days=90)
REFRESH_TOKEN_LIFE_ON_PASSWORD = timedelta(days=365)


def organizations_of(user: User) -> QuerySet[Organization]:
    """The organizations that an active user is a member of, by name."""
    if not user.is_active:
        return Organization.objects.none()
    with scopes_disabled():
        owned = TeamMembership.objects.filter(
            membership__user=user, team__is_owners=True, organization=OuterRef("pk")
        )
        return Organization.objects.filter(memberships__user=user).annotate(
            viewer_is_owner=Exists(owned)  # type: ignore[no-redef]  # declared for readers
        )


def organization_seen_by(user: User, name: str) -> Organization | None:
    """The organization of that name if the user is an active member, else None.

    An organization that doesn't exist and one the user isn't in can't be told apart (P1).
    """
    return organizations_of(user).filter(name=name).first() if is_name(name) else None


def organizations_requiring_second_factor(user: User) -> QuerySet[Organization]:
    """Those organizations of a user whose pages are only for who has a second factor, by name."""
    return organizations_of(user).filter(requires_second_factor=True)


def owned_organizations(user: User) -> list[Organization]:
    """The organizations that an active user is an owner of, by name."""
    return [organization for organization in organizations_of(user) if organization.viewer_is_owner]


def is_owner(organization: Organization, user: User) -> bool:
    """Whether the user is an active owner of the organization."""
    if not user.is_active:
        return False
    with scope(organization=organization):
        return TeamMembership.objects.filter(team__is_owners=True, membership__user=user).exists()


def is_site_staff(user: User) -> bool:
    """Whether the user looks after the site (P10)."""
    return user.is_active and user.is_staff


def active_owners(organization: Organization) -> QuerySet[User]:
    """The organization's active owners, by user name."""
    with scope(organization=organization):
        owners = TeamMembership.objects.filter(team__is_owners=True)
        return User.objects.filter(
            is_active=True, memberships__in=owners.values("membership")
        ).order_by("username")


def members_of(organization: Organization) -> QuerySet[Membership]:
    """The organization's memberships with their users and teams, by user name."""
    with scope(organization=organization):
        return (
            Membership.objects.select_related("user")
            .prefetch_related("teams")
            .order_by("user__username")
        )


def active_member_count(organization: Organization) -> int:
    """How many members the organization has."""
    with scope(organization=organization):
        return Membership.objects.filter(user__is_active=True).count()


def count_without_second_factor(organization: Organization) -> int:
    """How many members sign in with nothing but a password or a provider's word."""
    with scope(organization=organization):
        members = Membership.objects.filter(user__is_active=True)
        return members.exclude(Exists(_second_factors(user=OuterRef("user")))).count()


def teams_of(organization: Organization) -> QuerySet[Team]:
    """The organization's teams, `owners` first."""
    with scope(organization=organization):
        return Team.objects.order_by("-is_owners", "name")


def teams_with_sizes(organization: Organization) -> QuerySet[Team]:
    """The organization's teams with `member_count`, `owners` first."""
    with scope(organization=organization):
        # A subquery, so that only the teams of one page are counted.
        active = TeamMembership.objects.filter(
            team=OuterRef("pk"), membership__user__is_active=True
        )
        sizes = active.order_by().values("team").annotate(size=Count("pk")).values("size")
        return teams_of(organization).annotate(
            member_count=Coalesce(Subquery(sizes), 0)  # type: ignore[no-redef]  # declared for readers
        )


def team_of(organization: Organization, name: str) -> Team | None:
    """The organization's team of that name, or None."""
    return teams_of(organization).filter(name=name).first() if is_name(name) else None


def member_of(organization: Organization, username: str) -> Membership | None:
    """The membership of the user of that name, or None."""
    return members_of(organization).filter(user__username=username).first()


def members_named(organization: Organization, usernames: Iterable[str]) -> list[Membership]:
    """The memberships of those among these users who have one, by user name."""
    names = [name for name in usernames if is_name(name)]
    with scope(organization=organization):
        return list(members_of(organization).filter(user__username__in=names))


def active_member_names(organization: Organization, after: str, most: int) -> list[str]:
    """Up to `most` user names of active members that follow `after`, in order."""
    with scope(organization=organization):
        names = Membership.objects.filter(user__is_active=True, user__username__gt=after)
        ordered = names.order_by("user__username").values_list("user__username", flat=True)
        return list(ordered[:most])


def member_names_like(organization: Organization, typed: str, most: int) -> list[str]:
    """Up to `most` user names of active members that begin with what was typed, in order."""
    with scope(organization=organization):
        found = Membership.objects.filter(user__is_active=True, user__username__startswith=typed)
        ordered = found.order_by("user__username")
        return list(ordered.values_list("user__username", flat=True)[:most])


def members_of_team(organization: Organization, team: Team) -> QuerySet[Membership]:
    """The memberships in one team of the organization, by user name."""
    return members_of(organization).filter(teams=team)


def personal_tokens_of(user: User) -> QuerySet[PersonalAccessToken]:
    """A person's own access tokens that aren't revoked, newest first."""
    return PersonalAccessToken.objects.filter(user=user, revoked_at=None)


def organization_tokens_of(organization: Organization) -> QuerySet[OrganizationAccessToken]:
    """An organization's access tokens that aren't revoked, newest first."""
    with scope(organization=organization):
        return OrganizationAccessToken.objects.select_related("created_by").filter(revoked_at=None)


def personal_token(secret: str, now: datetime) -> PersonalAccessToken | None:
    """The live token of an active user with this secret, or None. Notes that it was used."""
    if kind_of(secret) is not SecretKind.PERSONAL:
        return None
    token = (
        PersonalAccessToken.objects.select_related("user")
        .filter(_live(now), digest=secret_digest(secret), user__is_active=True)
        .first()
    )
    if token is not None:
        _note_use(token, now)
    return token


def refresh_tokens_of(user: User) -> QuerySet[RefreshToken]:
    """A person's refresh tokens, live or not, the last used first."""
    return RefreshToken.objects.select_related("user", "personal_token").filter(
        Q(user=user) | Q(personal_token__user=user)
    )


def password_refresh_tokens_of(user: User) -> QuerySet[RefreshToken]:
    """Those of a person's refresh tokens that stand on their password, live or not."""
    return RefreshToken.objects.filter(user=user)


def registry_sign_ins_of(user: User, now: datetime) -> list[RefreshToken]:
    """A person's live refresh tokens, the last used first."""
    tokens = refresh_tokens_of(user).filter(live_refresh_tokens(now))
    return [token for token in tokens if _password_is_the_same(token)]


def live_refresh_tokens(now: datetime) -> Q:
    """What holds for live refresh tokens, except that the password must still be the same."""
    since = now - REFRESH_TOKEN_LIFE_ON_PASSWORD
    on_password = Q(user__is_active=True, created_at__gt=since) & ~Q(
        Exists(_second_factors(user=OuterRef("user")))
    )
    on_personal = Q(personal_token__user__is_active=True) & _live(now, "personal_token__")
    on_organization = Q(organization_token__isnull=False) & _live(now, "organization_token__")
    used_lately = Q(last_used_at__gt=now - REFRESH_TOKEN_IDLE)
    return used_lately & (on_password | on_personal | on_organization)


def organizations_named(names: Iterable[str]) -> list[Organization]:
    """The organizations that exist among these names, by name."""
    return list(Organization.objects.filter(name__in=list(names)))


def organization_at_docker_hub(docker_organization: str) -> Organization | None:
    """The organization that gives this as its name at Docker Hub (S1)."""
    return Organization.objects.filter(docker_organization=docker_organization).first()


def organizations_at_docker_hub(names: Iterable[str]) -> list[Organization]:
    """The organizations that give one of these as their name at Docker Hub, by name."""
    return list(Organization.objects.filter(docker_organization__in=list(names)))


def docker_organizations_among(names: Iterable[str]) -> set[str]:
    """Which of these are names of organizations here at Docker Hub."""
    named = Organization.objects.filter(docker_organization__in=filter(is_name, names))
    return set(named.values_list("docker_organization", flat=True))


def organizations_to_delete(before: datetime) -> list[Organization]:
    """The organizations whose deletion falls due before a moment, the first due first."""
    due = Organization.objects.filter(deletion_due_at__lt=before)
    return list(due.order_by("deletion_due_at"))


def name_is_taken(name: str) -> bool:
    """Whether a user or an organization has or had the name."""
    return Name.objects.filter(name=name).exists()


def is_an_organizations_name(name: str) -> bool:
    """Whether an organization has the name, or had it before it was deleted."""
    return name_is_taken(name) and not User.objects.filter(username=name).exists()


def organization_named(name: str) -> Organization | None:
    """The organization of that name. For callers who may know of every organization."""
    return Organization.objects.filter(name=name).first() if is_name(name) else None


def user_named(username: str) -> User | None:
    """The user of that name, active or not. For site staff."""
    return User.objects.filter(username=username).first() if is_name(username) else None


def active_user_to_know(username: str) -> Row | None:
    """The `pk` and `password` of the active user of that name, or None; whether they have a
    `second_factor`, and as `joined` a row for each team of theirs: with its `membership`, its
    `organization` and `organization_id`, and (None for a membership of no team) its `team`,
    `team_id`, `is_owners` and `can_push`.
    """
    if not is_name(username):
        return None
    with scopes_disabled():
        memberships = Membership.objects.filter(user=OuterRef("pk"))
    joined = Rows(
        memberships,
        membership="pk",
        organization="organization__name",
        organization_id="organization_id",
        team="teams__name",
        team_id="teams__pk",
        is_owners="teams__is_owners",
        can_push="teams__can_push",
    )
    users = User.objects.filter(username=username, is_active=True)
    fields = {"joined": joined, "second_factor": with_second_factor("pk")}
    return users.values("pk", "password", **fields).first()


def active_users_among(usernames: Iterable[str]) -> set[str]:
    """Which of these are names of active users."""
    names = [name for name in usernames if is_name(name)]
    active = User.objects.filter(username__in=names, is_active=True)
    return set(active.values_list("username", flat=True))


def second_factors_of(user: User) -> QuerySet[Any]:
    """A person's authenticator app and passkeys."""
    return _second_factors(user=user)


def with_second_factor(user: str) -> Exists:
    """Whether the user whom a field of a query's rows leads to has a second factor."""
    return Exists(_second_factors(user=OuterRef(user)))


def recovery_codes_of(user: User) -> QuerySet[Any]:
    """What stands in for a second factor that is lost."""
    found: QuerySet[Any] = Authenticator.objects.filter(
        user=user, type=Authenticator.Type.RECOVERY_CODES
    )
    return found


def has_second_factor(user: User) -> bool:
    """Whether more than the password is asked for when this user signs in."""
    return _second_factors(user=user).exists()


def user_admitted_by_password(username: str) -> User | None:
    """The active user of that name if registries take their password: no second factor (P9)."""
    if not is_name(username):
        return None
    users = User.objects.filter(username=username, is_active=True)
    return users.exclude(Exists(_second_factors(user=OuterRef("pk")))).first()


def memberships_of(user: User) -> QuerySet[Membership]:
    """All of a user's memberships, with organization and `is_owner` and `can_push`."""
    with scopes_disabled():
        teams = TeamMembership.objects.filter(membership=OuterRef("pk"))
        return (
            Membership.objects.select_related("organization")
            .filter(user=user)
            .annotate(
                is_owner=Exists(teams.filter(team__is_owners=True)),  # type: ignore[no-redef]  # declared for readers
                can_push=Exists(teams.filter(team__can_push=True)),
            )
        )


def membership_of(user: User | int, organization_name: str) -> Membership | None:
    """The membership that a user, or the one of this number, has of the organization of that
    name, or None."""
    with scopes_disabled():
        memberships = Membership.objects.filter(user=user, organization__name=organization_name)
        return memberships.first()


def _second_factors(**of: object) -> QuerySet[Any]:
    # Recovery codes stand in for another second factor, and end with the last.
    found: QuerySet[Any] = Authenticator.objects.filter(**of)
    return found.exclude(type=Authenticator.Type.RECOVERY_CODES)


def _live(now: datetime, prefix: str = "") -> Q:
    """What holds for live access tokens; `prefix` leads to one from another model."""
    revoked_at, expires_at = f"{prefix}revoked_at", f"{prefix}expires_at"
    return Q(**{revoked_at: None}) & (Q(**{expires_at: None}) | Q(**{f"{expires_at}__gt": now}))


def _password_is_the_same(token: RefreshToken) -> bool:
    return token.user is None or compare_digest(
        token.password_stamp, password_stamp(token.user.password)
    )


def _note_use(token: PersonalAccessToken, now: datetime) -> None:
    # To the minute: a build farm must not turn one row into a queue.
    stale = Q(last_used_at=None) | Q(last_used_at__lt=now - LAST_USED_PRECISION)
    PersonalAccessToken.objects.filter(stale, pk=token.pk).update(last_used_at=timezone.now())

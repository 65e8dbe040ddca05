"""Finding people among an organization's members, and noting when they were last there."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum

from django.db.models import Exists, F, Max, OuterRef, Q, QuerySet, Subquery
from django.db.models.expressions import OrderBy
from django.db.models.functions import Coalesce
from django_scopes import scope

from audit.pull_queries import users_of_day
from orgs.models import Membership, Organization, PersonalAccessToken, TeamMembership, User
from orgs.queries import members_of

# To the hour: who clicks through pages must not write at each.
SEEN_PRECISION = timedelta(hours=1)
LONG_AGO = datetime.min.replace(year=1970, tzinfo=UTC)
EXPORTED_AT_ONCE = 1_000
# Whatever the list shows of a user, so that twenty thousand are sorted in memory.
SHOWN = [
    f"user__{field}"
    for field in ("username", "first_name", "last_name", "email", "is_active", "last_seen_at")
]
MOST_WORDS = 5


class Role(StrEnum):
    OWNER = "owner"
    MEMBER = "member"


class Order(StrEnum):
    NAME = "name"
    JOINED = "joined"
    SEEN = "seen"
    UNSEEN = "unseen"


ORDERS: dict[Order, list[str | OrderBy]] = {
    Order.NAME: ["user__username"],
    Order.JOINED: ["-joined_at", "user__username"],
    Order.SEEN: [F("user__last_seen_at").desc(nulls_last=True), "user__username"],
    Order.UNSEEN: [F("user__last_seen_at").asc(nulls_first=True), "user__username"],
}


@dataclass(frozen=True, slots=True)
class WantedMembers:
    """Which members somebody wants to see, and in which order; what is empty narrows nothing.

    `in_addresses`: whether the words may also be found in e-mail addresses, which only owners
    may see.
    """

    words: str = ""
    role: Role | None = None
    team: str = ""
    order: Order = Order.NAME
    in_addresses: bool = False


def find_members(organization: Organization, wanted: WantedMembers) -> QuerySet[Membership]:
    """The memberships that fit, with user and teams. Take a slice of them."""
    with scope(organization=organization):
        in_team = TeamMembership.objects.filter(membership=OuterRef("pk"))
        found = members_of(organization).only("organization", "joined_at", *SHOWN)
        if wanted.role is not None:
            owners = Exists(in_team.filter(team__is_owners=True))
            found = found.filter(owners if wanted.role is Role.OWNER else ~owners)
        if wanted.team:
            found = found.filter(Exists(in_team.filter(team__name=wanted.team)))
        for word in wanted.words.split()[:MOST_WORDS]:
            found = found.filter(_has(word, wanted.in_addresses))
        return found.order_by(*ORDERS[wanted.order])


def every_member(organization: Organization) -> Iterator[Membership]:
    """All memberships by user name, read a thousand at a time, so that none is held for long."""
    after = ""
    while True:
        with scope(organization=organization):
            members = members_of(organization).filter(user__username__gt=after)
            some = list(members[:EXPORTED_AT_ONCE])
        yield from some
        if len(some) < EXPORTED_AT_ONCE:
            return
        after = some[-1].user.username


def note_seen(user: User, now: datetime) -> None:
    """Note that a person is here at the moment."""
    if user.last_seen_at is None or user.last_seen_at < now - SEEN_PRECISION:
        User.objects.filter(pk=user.pk).update(last_seen_at=now)


def note_who_pulled(now: datetime) -> int:
    """Note whose access tokens were used and who pulled lately; returns how many people.

    Whoever only ever pulls must not look as if they had never been here.
    """
    used = (
        PersonalAccessToken.objects.filter(
            user=OuterRef("pk"),
            last_used_at__gt=Coalesce(OuterRef("last_seen_at"), LONG_AGO) + SEEN_PRECISION,
        )
        .values("user")
        .annotate(at=Max("last_used_at"))
        .values("at")
    )
    noted = User.objects.filter(Exists(used)).update(last_seen_at=Subquery(used))
    for day in (now.date() - timedelta(days=1), now.date()):
        began = datetime.combine(day, time(), UTC)
        earlier = Q(last_seen_at=None) | Q(last_seen_at__lt=began)
        pulled = User.objects.filter(earlier, username__in=users_of_day(day))
        noted += pulled.update(last_seen_at=began)
    return noted


def _has(word: str, in_addresses: bool) -> Q:
    found = (
        Q(user__username__contains=word.lower())  # which is lower-case
        | Q(user__first_name__icontains=word)
        | Q(user__last_name__icontains=word)
    )
    return found | Q(user__email__contains=word.lower()) if in_addresses else found

"""Every change to who somebody is, one function each, the actor first."""

from collections.abc import Iterable

from allauth.account.models import EmailAddress
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django_scopes import scope

from orgs.actor import Actor, Invalid
from orgs.events import announce
from orgs.models import NAME_TAKEN, OWNERS, Membership, Organization, Team, TeamMembership, User
from orgs.queries import active_owners, member_of, memberships_of, refresh_tokens_of, team_of
from orgs.transactions import operation, record_change, require_owner, require_site_staff


def create_user(
    actor: Actor, *, username: str, email: str, password: str | None, full_name: str = ""
) -> User:
    """Make a person, whose e-mail address counts as verified: staff vouch for it.

    Without a password they set one by *Forgot your password?*. Raises `Invalid`.
    """
    require_site_staff(actor, "create users")
    first_name, _, last_name = full_name.partition(" ")
    email = email.lower()  # as django-allauth keeps and looks for addresses
    user = User(username=username, email=email, first_name=first_name, last_name=last_name)
    user.set_password(password)
    with transaction.atomic():
        try:
            if password is not None:
                validate_password(password, user)
            user.full_clean(exclude=["password"])
            user.save(force_insert=True)
        except (ValidationError, IntegrityError) as error:
            raise Invalid(_sentence(error)) from error
        EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
        record_change(actor, None, "user.created", username, after={"email": email})
    return user


def set_password(actor: Actor, user: User, password: str) -> None:
    """Give a user another password, which ends their sessions."""
    require_site_staff(actor, "set others' passwords")
    with transaction.atomic():
        user.set_password(password)
        user.save(update_fields=["password"])
        record_change(actor, None, "user.password_set", user.username)


def deactivate_user(actor: Actor, user: User) -> None:
    """Make a user nobody's member (P9). Raises `Invalid` for an organization's last owner."""
    require_site_staff(actor, "deactivate users")
    _set_active(actor, user, active=False)


def reactivate_user(actor: Actor, user: User) -> None:
    """Give a deactivated user their memberships back."""
    require_site_staff(actor, "reactivate users")
    _set_active(actor, user, active=True)


def create_organization(
    actor: Actor, *, name: str, display_name: str, owner: User, plan: str = Organization.Plan.FREE
) -> Organization:
    """Make an organization with its `owners` team and its first owner. Raises `Invalid`."""
    require_site_staff(actor, "create organizations")
    organization = Organization(
        name=name, display_name=display_name or name, plan=plan, docker_organization=name
    )
    with transaction.atomic():
        try:
            organization.full_clean()
            organization.save(force_insert=True)
        except (ValidationError, IntegrityError) as error:
            raise Invalid(_sentence(error)) from error
        with scope(organization=organization):
            Team.objects.create(
                organization=organization,
                name=OWNERS,
                description="Owners change settings and are never restricted.",
                is_owners=True,
                can_push=True,
            )
            after = {"name": name, "plan": plan, "owner": owner.username}
            record_change(actor, organization, "organization.created", after=after)
            add_member(actor, organization, owner, teams=[OWNERS])
            _require_an_owner(organization)
    return organization


@operation
def set_plan(actor: Actor, organization: Organization, plan: str) -> None:
    """Set what the organization has paid for. Its settings stay as they are (P8)."""
    require_site_staff(actor, "set plans")
    if plan not in Organization.Plan.values:
        raise Invalid(f"There is no plan {plan}. Plans: {', '.join(Organization.Plan.values)}.")
    if organization.plan == plan:
        return
    before, organization.plan = organization.plan, plan
    organization.save(update_fields=["plan"])
    record_change(
        actor, organization, "plan.changed", before={"plan": before}, after={"plan": plan}
    )
    announce([organization])


@operation
def change_profile(
    actor: Actor, organization: Organization, *, display_name: str, docker_organization: str
) -> None:
    """Set the name people read and the organization's name at Docker Hub (S1)."""
    require_owner(actor, organization, "change its settings")
    wished = {"display_name": display_name, "docker_organization": docker_organization}
    before = {field: getattr(organization, field) for field in wished}
    changed = {field for field in wished if before[field] != wished[field]}
    if not changed:
        return
    taken = Organization.objects.filter(name=docker_organization).exclude(pk=organization.pk)
    if taken.exists():
        raise Invalid(f"{docker_organization} is the name of another organization here.")
    for field in changed:
        setattr(organization, field, wished[field])
    try:
        organization.full_clean()
        with transaction.atomic():
            organization.save(update_fields=sorted(changed))
    except (ValidationError, IntegrityError) as error:
        raise Invalid(_sentence(error)) from error
    record_change(
        actor,
        organization,
        "organization.changed",
        before={field: before[field] for field in sorted(changed)},
        after={field: wished[field] for field in sorted(changed)},
    )
    announce([organization])


@operation
def create_team(
    actor: Actor,
    organization: Organization,
    name: str,
    *,
    description: str = "",
    can_push: bool = False,
) -> Team:
    """Make an empty team. Raises `Invalid` for a name that is taken or malformed."""
    require_owner(actor, organization, "create teams")
    team = Team(organization=organization, name=name, description=description, can_push=can_push)
    try:
        team.full_clean()
    except ValidationError as error:
        raise Invalid(_sentence(error)) from error
    team.save(force_insert=True)
    record_change(actor, organization, "team.created", name, after={"can_push": can_push})
    announce([organization])
    return team


@operation
def add_member(
    actor: Actor, organization: Organization, user: User, *, teams: Iterable[str] = ()
) -> Membership:
    """Make a user a member, in these teams. Adding a member again adds only teams."""
    require_owner(actor, organization, "add members")
    found = [_team(organization, name) for name in teams]
    membership, created = Membership.objects.get_or_create(organization=organization, user=user)
    joined = []
    for team in found:
        _, new = TeamMembership.objects.get_or_create(
            organization=organization, team=team, membership=membership
        )
        joined += [team.name] if new else []
    if created or joined:
        action = "member.added" if created else "member.teams_changed"
        record_change(actor, organization, action, user.username, after={"joined": joined})
        announce([organization])
    return membership


@operation
def leave_team(actor: Actor, organization: Organization, user: User, team_name: str) -> None:
    """Take a member out of a team. Raises `Invalid` for the last active owner."""
    require_owner(actor, organization, "change teams")
    team = _team(organization, team_name)
    gone, _ = TeamMembership.objects.filter(team=team, membership__user=user).delete()
    if gone:
        _require_an_owner(organization)
        record_change(
            actor, organization, "member.teams_changed", user.username, before={"left": team_name}
        )
        announce([organization])


@operation
def remove_member(actor: Actor, organization: Organization, user: User) -> None:
    """End a membership and what hangs on it. Raises `Invalid` for the last active owner."""
    require_owner(actor, organization, "remove members")
    membership = member_of(organization, user.username)
    if membership is None:
        return
    teams = sorted(team.name for team in membership.teams.all())
    membership.delete()
    _require_an_owner(organization)
    record_change(actor, organization, "member.removed", user.username, before={"teams": teams})
    announce([organization])


def _set_active(actor: Actor, user: User, *, active: bool) -> None:
    while True:
        try:
            with transaction.atomic():
                return _set_active_in(_lock_organizations_of(user), actor, user, active=active)
        except _JoinedMeanwhile:
            continue


def _set_active_in(affected: list[Organization], actor: Actor, user: User, *, active: bool) -> None:
    locked = User.objects.select_for_update().get(pk=user.pk)
    # Locked last, as everywhere: whoever was being added to another organization until now is in
    # it now, and that one isn't locked yet.
    if set(memberships_of(user).values_list("organization", flat=True)) != {
        organization.pk for organization in affected
    }:
        raise _JoinedMeanwhile
    if locked.is_active == active:
        return
    locked.is_active = active
    locked.save(update_fields=["is_active"])
    user.is_active = active
    refresh_tokens_of(locked).delete()  # for good: being active again brings none back (P9)
    action = "user.reactivated" if active else "user.deactivated"
    for organization in affected:
        _require_an_owner(organization)
        record_change(actor, organization, action, user.username)
    record_change(actor, None, action, user.username)
    announce(affected)


class _JoinedMeanwhile(Exception):
    """The user became a member, or ceased to be one, while their organizations were locked."""


def _lock_organizations_of(user: User) -> list[Organization]:
    return list(
        Organization.objects.select_for_update()
        .filter(pk__in=memberships_of(user).values("organization"))
        .order_by("pk")
    )


def _require_an_owner(organization: Organization) -> None:
    if not active_owners(organization).exists():
        raise Invalid(
            f"{organization.name} would be left without an active owner. "
            "Make another member an owner first."
        )


def _team(organization: Organization, name: str) -> Team:
    team = team_of(organization, name)
    if team is None:
        raise Invalid(f"{organization.name} has no team {name}.")
    return team


def _sentence(error: ValidationError | IntegrityError) -> str:
    if isinstance(error, ValidationError):
        return " ".join(error.messages)
    # What validation can't know: a name that somebody else took meanwhile, or had once.
    return NAME_TAKEN

"""Every change to people and organizations, one function each, the actor first."""

from dataclasses import replace

from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django_scopes import scope

from orgs.account_queries import noted_sessions_of
from orgs.actor import Actor, Invalid, NotAllowed
from orgs.events import announce
from orgs.member_operations import add_member
from orgs.models import OWNERS, Organization, Team, User
from orgs.queries import (
    has_second_factor,
    is_an_organizations_name,
    memberships_of,
    owned_organizations,
    refresh_tokens_of,
)
from orgs.transactions import (
    operation,
    record_change,
    require_active_owner,
    require_owner,
    require_site_staff,
    sentence_of,
)

MOST_OWNED = 20


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
            raise Invalid(sentence_of(error)) from error
        EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
        record_change(actor, None, "user.created", username, after={"email": email})
    return user


def set_password(actor: Actor, user: User, password: str) -> None:
    """Give a user another password, which ends their sessions."""
    require_site_staff(actor, "set others' passwords")
    with transaction.atomic():
        user.set_password(password)
        user.save(update_fields=["password"])
        noted_sessions_of(user).delete()
        record_change(actor, None, "user.password_set", user.username)


def appoint_staff(actor: Actor, user: User) -> None:
    """Let a user look after what all organizations share. It opens no tenant's pages (P10)."""
    require_site_staff(actor, "appoint site staff")
    _set_staff(actor, user, staff=True)


def dismiss_staff(actor: Actor, user: User) -> None:
    """End that a user is site staff."""
    require_site_staff(actor, "dismiss site staff")
    _set_staff(actor, user, staff=False)


def change_own_password(actor: Actor, user: User, password: str) -> None:
    """Give a user the password that they chose, on a page or by a link that was mailed to them."""
    if actor.user != user:
        raise NotAllowed("Only you can choose your password.")
    with transaction.atomic():
        user.set_password(password)
        user.save(update_fields=["password"])
        noted_sessions_of(user).delete()  # the one that goes on is noted anew
        record_change(actor, None, "user.password_changed", user.username)


def deactivate_user(actor: Actor, user: User) -> None:
    """Make a user nobody's member and end their sessions (P9).

    Raises `Invalid` for an organization's last owner.
    """
    require_site_staff(actor, "deactivate users")
    _set_active(actor, user, active=False)


def reactivate_user(actor: Actor, user: User) -> None:
    """Give a deactivated user their memberships back."""
    require_site_staff(actor, "reactivate users")
    _set_active(actor, user, active=True)


def create_organization(
    actor: Actor, *, name: str, display_name: str, owner: User, plan: str = Organization.Plan.FREE
) -> Organization:
    """Make an organization with its `owners` team and its first owner. Raises `Invalid`.

    A person makes it for themselves, on the Free plan, where the site's settings let them.
    """
    organization = Organization(
        name=name, display_name=display_name or name, plan=plan, docker_organization=name
    )
    with transaction.atomic():
        _require_may_create(actor, owner, plan)
        try:
            organization.full_clean()
            organization.save(force_insert=True)
        except (ValidationError, IntegrityError) as error:
            raise Invalid(sentence_of(error)) from error
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
            # Nobody is an owner yet who could add the first.
            add_member(replace(actor, user=None), organization, owner, teams=[OWNERS])
            require_active_owner(organization)
    return organization


def may_create_organizations(user: User) -> bool:
    """Whether a person may make organizations of their own."""
    allowed = {"anyone": True, "staff": user.is_staff, "never": False}
    return user.is_active and allowed[settings.CREATE_ORGANIZATIONS]


def _require_may_create(actor: Actor, owner: User, plan: str) -> None:
    if actor.user is None:
        return
    if not may_create_organizations(actor.user):
        raise NotAllowed("You can't make organizations here. Ask an administrator of this site.")
    if owner != actor.user:
        require_site_staff(actor, "make organizations for others")
    if plan != Organization.Plan.FREE:
        require_site_staff(actor, "set plans")
    # Names are never given again, so nobody may use them up, nor many at once.
    User.objects.select_for_update().get(pk=actor.user.pk)
    if len(owned_organizations(actor.user)) >= MOST_OWNED:
        raise Invalid(
            f"You own {MOST_OWNED} organizations, which is the most that one person can make. "
            "Ask an administrator of this site for another."
        )


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
    actor: Actor,
    organization: Organization,
    *,
    display_name: str,
    docker_organization: str,
    email_domain: str | None = None,
) -> None:
    """Set the name people read, the one at Docker Hub (S1), and the e-mail domain (None: leave)."""
    require_owner(actor, organization, "change its settings")
    wished = {"display_name": display_name, "docker_organization": docker_organization}
    if email_domain is not None:
        wished["email_domain"] = email_domain.lower()
    before = {field: getattr(organization, field) for field in wished}
    changed = {field for field in wished if before[field] != wished[field]}
    if not changed:
        return
    # A deleted one's too: machines may still let its members sign in, whoever they then are.
    if docker_organization != organization.name and is_an_organizations_name(docker_organization):
        raise Invalid(f"{docker_organization} is the name of another organization here.")
    for field in changed:
        setattr(organization, field, wished[field])
    try:
        organization.full_clean()
        with transaction.atomic():
            organization.save(update_fields=sorted(changed))
    except (ValidationError, IntegrityError) as error:
        raise Invalid(sentence_of(error)) from error
    record_change(
        actor,
        organization,
        "organization.changed",
        before={field: before[field] for field in sorted(changed)},
        after={field: wished[field] for field in sorted(changed)},
    )
    announce([organization])


@operation
def require_second_factor(actor: Actor, organization: Organization, *, required: bool) -> None:
    """Keep the organization's pages for members who have a second factor, or no longer (ADR 0020).

    Nothing is announced: no decision on a pull changes. Raises `Invalid` for an owner without one.
    """
    require_owner(actor, organization, "say whether two-factor authentication is required")
    if organization.requires_second_factor == required:
        return
    if required and actor.user is not None and not has_second_factor(actor.user):
        raise Invalid("Set up two-factor authentication for yourself first, and then require it.")
    organization.requires_second_factor = required
    organization.save(update_fields=["requires_second_factor"])
    record_change(
        actor,
        organization,
        "organization.second_factor_changed",
        before={"requires_second_factor": not required},
        after={"requires_second_factor": required},
    )


@transaction.atomic
def _set_staff(actor: Actor, user: User, *, staff: bool) -> None:
    locked = User.objects.select_for_update().get(pk=user.pk)
    if locked.is_staff == staff:
        return
    locked.is_staff = staff
    locked.save(update_fields=["is_staff"])
    action = "user.appointed_staff" if staff else "user.dismissed_staff"
    record_change(actor, None, action, user.username)


@operation
def put_checklist_away(actor: Actor, organization: Organization) -> None:
    """Show the list of what to do first no longer, to no owner."""
    require_owner(actor, organization, "put the list away")
    if organization.is_set_up:
        return
    organization.is_set_up = True
    organization.save(update_fields=["is_set_up"])
    record_change(actor, organization, "organization.set_up")


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
    if not active:
        locked.session_generation += 1  # for good: being active again brings none back
    locked.save(update_fields=["is_active", "session_generation"])
    user.is_active, user.session_generation = active, locked.session_generation
    noted_sessions_of(locked).delete()
    refresh_tokens_of(locked).delete()  # for good, too (P9)
    action = "user.reactivated" if active else "user.deactivated"
    for organization in affected:
        require_active_owner(organization)
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

"""Who somebody is: users, organizations, teams, memberships, access tokens."""

from collections.abc import Iterator
from typing import ClassVar

from django.contrib.auth.models import AbstractUser
from django.core.validators import DomainNameValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django_scopes import ScopedManager

from orgs.names import NAME_MAX_LENGTH, NAME_PATTERN, NAME_VALIDATORS

OWNERS = "owners"
NAME_TAKEN = "This name is taken."


def _name_check(field: str, constraint: str) -> models.CheckConstraint:
    return models.CheckConstraint(condition=Q(**{f"{field}__regex": NAME_PATTERN}), name=constraint)


class Name(models.Model):
    """A name that a user or an organization has or had. Never reissued.

    Rows are written by triggers when a user or an organization is inserted, so that no way of
    making one gets around it.
    """

    name = models.CharField(max_length=NAME_MAX_LENGTH, primary_key=True)

    def __str__(self) -> str:
        return self.name


class User(AbstractUser):
    """A person. Deactivated (`is_active` false) they are nobody's member."""

    username = models.CharField(
        "user name",
        max_length=NAME_MAX_LENGTH,
        unique=True,
        validators=NAME_VALIDATORS,
        error_messages={"unique": NAME_TAKEN},
    )
    email = models.EmailField(
        "e-mail address",
        unique=True,
        error_messages={"unique": "Another user has this e-mail address."},
    )
    # To the hour, on pages; of whoever only uses access tokens or pulls, later and to the day.
    last_seen_at = models.DateTimeField(null=True, editable=False)
    # How often all sessions were ended at once. A session is good for one number only.
    session_generation = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            _name_check("username", "orgs_user_name_syntax"),
            models.CheckConstraint(
                condition=Q(email=Lower("email")), name="orgs_user_email_lower_case"
            ),
        ]

    @property
    def display_name(self) -> str:
        return self.get_full_name() or self.username

    def get_session_auth_hash(self) -> str:
        return self._of_this_generation(super().get_session_auth_hash())

    def get_session_auth_fallback_hash(self) -> Iterator[str]:
        return map(self._of_this_generation, super().get_session_auth_fallback_hash())

    def _of_this_generation(self, session_hash: str) -> str:
        return f"{session_hash}.{self.session_generation}"


class Organization(models.Model):
    """A tenant."""

    class Plan(models.TextChoices):
        FREE = "free", "Free"
        TEAM = "team", "Team"
        BUSINESS = "business", "Business"

    name = models.CharField(
        max_length=NAME_MAX_LENGTH,
        unique=True,
        validators=NAME_VALIDATORS,
        error_messages={"unique": NAME_TAKEN},
    )
    display_name = models.CharField(max_length=100)
    plan = models.CharField(max_length=20, choices=Plan.choices, default=Plan.FREE)
    # The organization at Docker Hub that Docker Desktop compares with (S1).
    docker_organization = models.CharField(
        max_length=NAME_MAX_LENGTH,
        unique=True,
        validators=NAME_VALIDATORS,
        error_messages={"unique": "Another organization has this name at Docker Hub."},
    )
    # Where the organization's people have their e-mail, by their owners' word (empty: anywhere).
    # Nobody gets in by it, so two organizations may give the same.
    email_domain = models.CharField(
        "e-mail domain", max_length=253, blank=True, validators=[DomainNameValidator()]
    )
    # Whether its pages are only for members who have a second factor (ADR 0020).
    requires_second_factor = models.BooleanField(default=False)
    # Whether its owners have put away the list of what to do first.
    is_set_up = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)
    # From when on it is to be deleted, and who asked for that; until then all goes on as it was.
    deletion_due_at = models.DateTimeField(null=True, blank=True)
    deletion_asked_by = models.CharField(max_length=NAME_MAX_LENGTH, blank=True)
    deletion_near_told = models.BooleanField(default=False)

    viewer_is_owner: bool  # from queries.organizations_of

    class Meta:
        ordering = ["name"]
        constraints = [
            _name_check("name", "orgs_organization_name_syntax"),
            _name_check("docker_organization", "orgs_organization_docker_name_syntax"),
            models.CheckConstraint(
                condition=Q(plan__in=["free", "team", "business"]), name="orgs_organization_plan"
            ),
            models.CheckConstraint(
                condition=Q(email_domain=Lower("email_domain")),
                name="orgs_organization_email_domain_lower_case",
            ),
            models.CheckConstraint(
                condition=Q(deletion_due_at__isnull=False) & ~Q(deletion_asked_by="")
                | Q(deletion_due_at=None, deletion_asked_by="", deletion_near_told=False),
                name="orgs_organization_deletion_whole_or_not",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def has_business_plan(self) -> bool:
        return self.plan == self.Plan.BUSINESS

    def is_outside(self, email: str) -> bool:
        """Whether an address is not of the organization's e-mail domain, if it has given one."""
        return self.email_domain not in ("", email.rpartition("@")[2].lower())


class Membership(models.Model):
    """That a user belongs to an organization. It counts while the user is active."""

    organization = models.ForeignKey(Organization, models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    joined_at = models.DateTimeField(auto_now_add=True)

    is_owner: bool  # both from queries.memberships_of
    can_push: bool

    objects: ClassVar[models.Manager["Membership"]] = ScopedManager(organization="organization")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "user"], name="orgs_membership_once_per_user"
            )
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.organization}"


class Team(models.Model):
    """A team of an organization. The built-in `owners` team can't be renamed or deleted."""

    organization = models.ForeignKey(Organization, models.CASCADE, related_name="teams")
    name = models.CharField(max_length=NAME_MAX_LENGTH, validators=NAME_VALIDATORS)
    description = models.CharField(max_length=200, blank=True)
    is_owners = models.BooleanField(default=False)
    can_push = models.BooleanField(default=False)
    memberships = models.ManyToManyField(
        Membership, through="TeamMembership", related_name="teams", blank=True
    )

    member_count: int  # from queries.teams_with_sizes

    objects: ClassVar[models.Manager["Team"]] = ScopedManager(organization="organization")

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "name"], name="orgs_team_name_unique"),
            models.UniqueConstraint(
                fields=["organization"], condition=Q(is_owners=True), name="orgs_team_one_owners"
            ),
            models.CheckConstraint(
                condition=Q(is_owners=True, name=OWNERS) | Q(is_owners=False) & ~Q(name=OWNERS),
                name="orgs_team_owners_is_named_owners",
            ),
            _name_check("name", "orgs_team_name_syntax"),
        ]

    def __str__(self) -> str:
        return f"{self.organization}/{self.name}"


class TeamMembership(models.Model):
    """That a member is in a team.

    The organization is repeated so that PostgreSQL's composite foreign keys can hold that the
    team and the member are of the same one (see the migrations).
    """

    organization = models.ForeignKey(Organization, models.CASCADE, related_name="+")
    team = models.ForeignKey(Team, models.CASCADE, related_name="team_memberships")
    membership = models.ForeignKey(Membership, models.CASCADE, related_name="team_memberships")

    objects: ClassVar[models.Manager["TeamMembership"]] = ScopedManager(organization="organization")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["team", "membership"], name="orgs_team_membership_once")
        ]

    def __str__(self) -> str:
        return f"{self.membership_id} in {self.team_id}"


class AccessToken(models.Model):
    """What personal and organization access tokens share. The secret itself is never stored."""

    class Scope(models.TextChoices):
        PUBLIC_READ = "repo:public_read", "Pull all but the organization's own images"
        READ = "repo:read", "Pull"
        WRITE = "repo:write", "Pull and push"
        ADMIN = "repo:admin", "Pull, push, delete, and use the API"

    public_id = models.CharField(max_length=40, unique=True)
    digest = models.CharField(max_length=64, unique=True)
    label = models.CharField(max_length=100)
    scope = models.CharField(max_length=20, choices=Scope.choices)
    # Repositories (`docker.io/acme/app`) or namespaces (`docker.io/acme/*`); none: no limit.
    repositories = models.JSONField(default=list, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    scope__in=["repo:public_read", "repo:read", "repo:write", "repo:admin"]
                ),
                name="%(app_label)s_%(class)s_scope",
            ),
            models.CheckConstraint(
                condition=Q(expires_at=None) | Q(expires_at__gt=F("created_at")),
                name="%(app_label)s_%(class)s_expires_later",
            ),
        ]

    def __str__(self) -> str:
        return self.public_id


class PersonalAccessToken(AccessToken):
    """Speaks as its user, never for more than its scope and repositories."""

    user = models.ForeignKey(User, models.CASCADE, related_name="access_tokens")


class OrganizationAccessToken(AccessToken):
    """A member of exactly its organization, in no team, never an owner (D16)."""

    organization = models.ForeignKey(Organization, models.CASCADE, related_name="access_tokens")
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")

    objects: ClassVar[models.Manager["OrganizationAccessToken"]] = ScopedManager(
        organization="organization"
    )


class RefreshToken(models.Model):
    """What a registry's client keeps after a sign-in, in place of the credential given there.

    It stands on exactly one credential (a user's password, a personal access token or an
    organization's) and is worth what that one is worth at the moment. At an organization's
    registry it also ends with the membership, at any with the user.
    """

    public_id = models.CharField(max_length=40, unique=True)
    digest = models.CharField(max_length=64, unique=True)
    service = models.CharField(max_length=NAME_MAX_LENGTH, validators=NAME_VALIDATORS)
    user = models.ForeignKey(User, models.CASCADE, null=True, related_name="+")
    password_stamp = models.CharField(max_length=64, blank=True)
    personal_token = models.ForeignKey(
        PersonalAccessToken, models.CASCADE, null=True, related_name="+"
    )
    organization_token = models.ForeignKey(
        OrganizationAccessToken, models.CASCADE, null=True, related_name="+"
    )
    membership = models.ForeignKey(Membership, models.CASCADE, null=True, related_name="+")
    client = models.CharField(max_length=60, blank=True)  # as it calls itself
    address = models.GenericIPAddressField(null=True)
    created_at = models.DateTimeField()
    last_used_at = models.DateTimeField(db_index=True)

    class Meta:
        ordering = ["-last_used_at"]
        constraints = [
            _name_check("service", "orgs_refresh_token_service_syntax"),
            models.CheckConstraint(
                condition=(
                    Q(user__isnull=False, personal_token=None, organization_token=None)
                    | Q(user=None, personal_token__isnull=False, organization_token=None)
                    | Q(user=None, personal_token=None, organization_token__isnull=False)
                ),
                name="orgs_refresh_token_one_credential",
            ),
            models.CheckConstraint(
                condition=Q(user=None, password_stamp="")
                | Q(user__isnull=False) & ~Q(password_stamp=""),
                name="orgs_refresh_token_stamp_of_password",
            ),
            models.CheckConstraint(
                condition=Q(organization_token=None) | Q(membership=None),
                name="orgs_refresh_token_membership_of_user",
            ),
            models.CheckConstraint(
                condition=Q(last_used_at__gte=F("created_at")),
                name="orgs_refresh_token_used_later",
            ),
        ]

    def __str__(self) -> str:
        return self.public_id


# Django finds an app's models through this module; those need the ones above.
import orgs.invitation_models  # noqa: E402, F401

"""What a decision is made from: policy, namespaces, connected registries, the catalogue."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Coalesce
from django_scopes import ScopedManager

import permissions.catalog_models
import permissions.change_models
import permissions.cluster_models
import permissions.exception_models  # Django finds an app's models through this module
import permissions.own_rule_models
import permissions.worker_models  # noqa: F401
from orgs.models import Organization
from orgs.names import NAME_MAX_LENGTH, NAME_VALIDATORS


class ImageAccessPolicy(models.Model):
    """An organization's settings of Image Access Management, and its policy version.

    `version` grows with anything that can change the organization's decisions, written or not
    in this row; `settings_version` with the settings alone, for people and programs that saw
    one state and wish for another (P5).
    """

    class Mode(models.TextChoices):
        ENFORCE = "enforce", "Enforce"
        MONITOR = "monitor", "Monitor"

    organization = models.OneToOneField(
        Organization, models.CASCADE, related_name="image_access_policy", primary_key=True
    )
    enabled = models.BooleanField(default=False)
    allow_official_images = models.BooleanField(default=True)
    allow_verified_publishers = models.BooleanField(default=True)
    mode = models.CharField(max_length=10, choices=Mode.choices, default=Mode.ENFORCE)
    version = models.PositiveBigIntegerField(default=1)
    settings_version = models.PositiveBigIntegerField(default=1)

    objects: ClassVar[models.Manager["ImageAccessPolicy"]] = ScopedManager(
        organization="organization"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(mode__in=["enforce", "monitor"]), name="permissions_policy_mode"
            ),
            models.CheckConstraint(
                condition=Q(version__gte=1, settings_version__gte=1),
                name="permissions_policy_versions_from_1",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.organization} version {self.version}"


class ConnectedRegistry(models.Model):
    """A registry that asks us: an organization's own, or (no organization) the whole site's."""

    DOCKER_HUB = "docker.io"

    organization = models.ForeignKey(
        Organization, models.CASCADE, null=True, blank=True, related_name="connected_registries"
    )
    # What the registry calls itself when it asks for a token; the JWT's audience.
    service = models.CharField(max_length=NAME_MAX_LENGTH, unique=True, validators=NAME_VALIDATORS)
    # Folded: lower-case, without :443.
    host = models.CharField(max_length=261)
    upstream = models.CharField(
        max_length=20, blank=True, choices=[("", "None"), (DOCKER_HUB, "Docker Hub")]
    )
    members_only = models.BooleanField(default=False)
    anonymous_pulls = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)
    # When a client last asked for a token by this service name.
    token_asked_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[models.Manager["ConnectedRegistry"]] = ScopedManager(
        organization="organization"
    )

    class Meta:
        ordering = ["service"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "host"], name="permissions_registry_host_in_organization"
            ),
            models.UniqueConstraint(
                fields=["host"],
                condition=Q(organization=None),
                name="permissions_registry_host_site_wide",
            ),
            models.CheckConstraint(
                condition=Q(anonymous_pulls=False) | Q(organization=None),
                name="permissions_registry_anonymous_only_site_wide",
            ),
            models.CheckConstraint(
                condition=Q(upstream__in=["", "docker.io"]), name="permissions_registry_upstream"
            ),
            models.CheckConstraint(
                condition=~Q(
                    host__in=[
                        "docker.io",
                        "index.docker.io",
                        "registry-1.docker.io",
                        "registry.hub.docker.com",
                    ]
                ),
                name="permissions_registry_host_not_docker_hub",
            ),
        ]

    def __str__(self) -> str:
        return self.service


class ServiceName(models.Model):
    """A service name that a registry has or had, and whose it is (empty: the site's).

    Never given to somebody else: a registry that still runs under it would believe the tokens that
    another organization's rules have granted.
    """

    name = models.CharField(max_length=NAME_MAX_LENGTH, primary_key=True)
    owner = models.CharField(max_length=NAME_MAX_LENGTH, blank=True)

    def __str__(self) -> str:
        return self.name


class RegistryCredential(models.Model):
    """A secret by which a connected registry says who it is. Only its keyed hash is kept."""

    registry = models.ForeignKey(ConnectedRegistry, models.CASCADE, related_name="credentials")
    public_id = models.CharField(max_length=40, unique=True)
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.public_id


class Namespace(models.Model):
    """A (host, path prefix) that an organization owns: `docker.io/acme`.

    Without a registry it lies on Docker Hub; else on that connected registry.
    """

    organization = models.ForeignKey(Organization, models.CASCADE, related_name="namespaces")
    registry = models.ForeignKey(
        ConnectedRegistry, models.CASCADE, null=True, blank=True, related_name="namespaces"
    )
    path = models.CharField(max_length=255)
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[models.Manager["Namespace"]] = ScopedManager(organization="organization")

    class Meta:
        ordering = ["path"]
        constraints = [
            models.UniqueConstraint(
                fields=["registry", "path"], name="permissions_namespace_unique_on_registry"
            ),
            models.UniqueConstraint(
                fields=["path"],
                condition=Q(registry=None),
                name="permissions_namespace_unique_on_docker_hub",
            ),
            models.CheckConstraint(
                condition=~Q(path="library") & ~Q(path__startswith="library/"),
                name="permissions_namespace_not_library",
            ),
        ]

    def __str__(self) -> str:
        return (
            f"{self.registry.host if self.registry else ConnectedRegistry.DOCKER_HUB}/{self.path}"
        )


class NamespaceRequest(models.Model):
    """That an organization asks site staff for a namespace; kept when it is settled.

    Without a registry on Docker Hub; else on that site-wide one.
    """

    class State(models.TextChoices):
        PENDING = "pending", "Waiting for site staff"
        APPROVED = "approved", "Approved"
        DECLINED = "declined", "Declined"
        WITHDRAWN = "withdrawn", "Withdrawn"

    organization = models.ForeignKey(
        Organization, models.CASCADE, related_name="namespace_requests"
    )
    registry = models.ForeignKey(
        ConnectedRegistry, models.CASCADE, null=True, blank=True, related_name="namespace_requests"
    )
    path = models.CharField(max_length=255)
    state = models.CharField(max_length=10, choices=State.choices, default=State.PENDING)
    note = models.CharField(max_length=300, blank=True)
    # Names, as in the audit log: they outlive whoever bore them.
    asked_by = models.CharField(max_length=NAME_MAX_LENGTH)
    asked_at = models.DateTimeField(auto_now_add=True)
    settled_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=300, blank=True)

    objects: ClassVar[models.Manager["NamespaceRequest"]] = ScopedManager(
        organization="organization"
    )

    class Meta:
        ordering = ["-asked_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                "organization",
                Coalesce("registry", 0),
                "path",
                condition=Q(state="pending"),
                name="permissions_namespace_request_once",
            ),
            models.CheckConstraint(
                condition=Q(state="pending", settled_at=None)
                | Q(state__in=["approved", "declined", "withdrawn"], settled_at__isnull=False),
                name="permissions_namespace_request_state",
            ),
            models.CheckConstraint(
                condition=Q(reason="") | Q(state="declined"),
                name="permissions_namespace_request_reason_if_declined",
            ),
        ]

    def __str__(self) -> str:
        host = self.registry.host if self.registry else ConnectedRegistry.DOCKER_HUB
        return f"{host}/{self.path}"


class CatalogEntry(models.Model):
    """A Docker Hub namespace or repository that is official or a verified publisher's."""

    class Kind(models.TextChoices):
        OFFICIAL = "official", "Official"
        VERIFIED_PUBLISHER = "verified_publisher", "Verified publisher"

    path = models.CharField(max_length=255, unique=True)
    kind = models.CharField(max_length=20, choices=Kind.choices)
    title = models.CharField(max_length=100)
    description = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["path"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="official", path__startswith="library/")
                | Q(kind="verified_publisher") & ~Q(path__startswith="library/"),
                name="permissions_catalog_official_is_library",
            )
        ]

    def __str__(self) -> str:
        return self.path


class SiteVersion(models.Model):
    """One row: the version of what every organization shares, the catalogue and the
    site-wide registries."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    version = models.PositiveBigIntegerField(default=1)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(id=1), name="permissions_site_version_one_row")
        ]

    def __str__(self) -> str:
        return str(self.version)

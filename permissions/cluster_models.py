"""Kubernetes clusters that ask, and which organization answers for each of their namespaces."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django_scopes import ScopedManager

from orgs.models import Organization
from orgs.names import NAME_MAX_LENGTH, NAME_PATTERN, NAME_VALIDATORS

EVERY_OTHER = "*"
"""In place of a namespace: each that has no line of its own. No namespace can be called so."""

# An RFC 1123 label, as Kubernetes wants its namespaces.
NAMESPACE_PATTERN = r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$"


class ConnectedCluster(models.Model):
    """A cluster that asks us: an organization's own, or (no organization) the whole site's."""

    organization = models.ForeignKey(
        Organization, models.CASCADE, null=True, blank=True, related_name="connected_clusters"
    )
    name = models.CharField(
        max_length=NAME_MAX_LENGTH,
        unique=True,
        validators=NAME_VALIDATORS,
        error_messages={"unique": "A cluster of this name is connected already."},
    )
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[models.Manager["ConnectedCluster"]] = ScopedManager(
        organization="organization"
    )

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(name__regex=NAME_PATTERN), name="permissions_cluster_name_syntax"
            )
        ]

    def __str__(self) -> str:
        return self.name


class ClusterCredential(models.Model):
    """A secret by which a cluster's API server says who it is. Only its keyed hash is kept."""

    cluster = models.ForeignKey(ConnectedCluster, models.CASCADE, related_name="credentials")
    public_id = models.CharField(max_length=40, unique=True)
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.public_id


class ClusterNamespace(models.Model):
    """That an organization answers for a namespace of a site-wide cluster.

    An organization's own cluster needs none: it answers for every namespace there.
    """

    organization = models.ForeignKey(
        Organization, models.CASCADE, related_name="cluster_namespaces"
    )
    cluster = models.ForeignKey(ConnectedCluster, models.CASCADE, related_name="namespaces")
    namespace = models.CharField(max_length=63)
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[models.Manager["ClusterNamespace"]] = ScopedManager(
        organization="organization"
    )

    class Meta:
        ordering = ["namespace"]
        constraints = [
            models.UniqueConstraint(
                fields=["cluster", "namespace"], name="permissions_cluster_namespace_once"
            ),
            models.CheckConstraint(
                condition=Q(namespace=EVERY_OTHER) | Q(namespace__regex=NAMESPACE_PATTERN),
                name="permissions_cluster_namespace_syntax",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.cluster}/{self.namespace}"

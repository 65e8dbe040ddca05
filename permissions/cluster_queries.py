"""Reading which clusters may ask, and for whom."""

import re
from datetime import datetime

from django.db.models import Count, Max, Q, QuerySet
from django_scopes import scope, scopes_disabled

from orgs.models import Organization
from orgs.names import is_name
from orgs.secrets import SecretKind, kind_of, secret_digest
from permissions.cluster_models import (
    EVERY_OTHER,
    NAMESPACE_PATTERN,
    ClusterCredential,
    ClusterNamespace,
    ConnectedCluster,
)
from permissions.core.facts import Standing, Subject
from permissions.core.policy import SubjectKind
from permissions.queries import LAST_USED_PRECISION

_NAMESPACE = re.compile(NAMESPACE_PATTERN.removeprefix("^").removesuffix("$"))


def is_namespace(text: str) -> bool:
    """Whether Kubernetes could have a namespace of that name; no other is ever looked up."""
    return _NAMESPACE.fullmatch(text) is not None


def stored_cluster(name: str) -> ConnectedCluster | None:
    """The connected cluster of that name, or None. For site staff."""
    if not is_name(name):
        return None
    with scopes_disabled():
        clusters = ConnectedCluster.objects.select_related("organization")
        return clusters.filter(name=name).first()


def clusters_of(organization: Organization) -> QuerySet[ConnectedCluster]:
    """An organization's own connected clusters, by name."""
    with scope(organization=organization):
        return ConnectedCluster.objects.all()


def connected_clusters(organization: Organization) -> QuerySet[ConnectedCluster]:
    """The same, each with `credential_count`, `credential_created_at` and `credential_used_at` of
    its live credentials."""
    live = Q(credentials__revoked_at=None)
    return clusters_of(organization).annotate(
        credential_count=Count("credentials", filter=live),
        credential_created_at=Max("credentials__created_at", filter=live),
        credential_used_at=Max("credentials__last_used_at", filter=live),
    )


def connected_cluster(organization: Organization, name: str) -> ConnectedCluster | None:
    """The organization's own cluster of that name, as above, or None."""
    return connected_clusters(organization).filter(name=name).first()


def mapped_namespaces_of(organization: Organization) -> QuerySet[ClusterNamespace]:
    """The namespaces of site-wide clusters for which an organization answers, by cluster."""
    with scope(organization=organization):
        mapped = ClusterNamespace.objects.select_related("cluster")
        return mapped.order_by("cluster__name", "namespace")


def namespaces_at(cluster: ConnectedCluster) -> list[ClusterNamespace]:
    """The namespaces of a site-wide cluster that are mapped, by name. For site staff."""
    with scopes_disabled():
        return list(cluster.namespaces.select_related("organization", "cluster"))


def mapping_of(cluster: ConnectedCluster, namespace: str) -> ClusterNamespace | None:
    """The line that maps exactly this namespace, or None. For site staff."""
    return next((one for one in namespaces_at(cluster) if one.namespace == namespace), None)


def cluster_with_secret(secret: str, now: datetime) -> str | None:
    """The name of the cluster whose live credential this is, or None. Notes that it was used."""
    if kind_of(secret) is not SecretKind.CLUSTER:
        return None
    with scopes_disabled():
        credentials = ClusterCredential.objects.select_related("cluster")
        credential = credentials.filter(digest=secret_digest(secret), revoked_at=None).first()
    if credential is None:
        return None
    stale = Q(last_used_at=None) | Q(last_used_at__lt=now - LAST_USED_PRECISION)
    ClusterCredential.objects.filter(stale, pk=credential.pk).update(last_used_at=now)
    return credential.cluster.name


def organization_at(cluster_name: str, namespace: str) -> str | None:
    """The organization that answers for a cluster's namespace, or None."""
    cluster = stored_cluster(cluster_name)
    if cluster is None or not is_namespace(namespace):
        return None
    if cluster.organization is not None:
        return cluster.organization.name
    with scopes_disabled():
        lines = ClusterNamespace.objects.filter(
            cluster=cluster, namespace__in=[namespace, EVERY_OTHER]
        )
        found = dict(lines.values_list("namespace", "organization__name"))
    return found.get(namespace) or found.get(EVERY_OTHER)


def cluster_subject(id: str) -> Subject:
    """A namespace, as `cluster/namespace`, as a subject: a member of the organization that
    answers for it, in no team, never an owner (D16); not live if none does."""
    cluster_name, _, namespace = id.partition("/")
    organization = organization_at(cluster_name, namespace)
    if organization is None:
        return Subject(SubjectKind.CLUSTER, id, live=False)
    standings = {organization: Standing(is_owner=False, can_push=False)}
    return Subject(SubjectKind.CLUSTER, id, live=True, standings=standings)

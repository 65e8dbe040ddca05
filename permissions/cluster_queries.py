"""Reading which clusters may ask, and for whom."""

import re

from django.db.models import Count, Max, OuterRef, Q, QuerySet
from django.db.models.functions import JSONObject
from django_scopes import scope, scopes_disabled

from orgs.models import Organization
from orgs.names import is_name
from orgs.rows import Row, Rows
from permissions.cluster_models import (
    EVERY_OTHER,
    NAMESPACE_PATTERN,
    ClusterCredential,
    ClusterNamespace,
    ConnectedCluster,
)

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


def cluster_to_know(name: str, namespace: str) -> Row | None:
    """The `pk` of the connected cluster of that name, or None; and the `organization` that answers
    for a namespace of it, with its `organization_id`: both None if none does."""
    if not is_name(name) or not is_namespace(namespace):
        return None
    with scopes_disabled():
        clusters = ConnectedCluster.objects.filter(name=name)
        lines = ClusterNamespace.objects.filter(
            cluster=OuterRef("pk"), namespace__in=[namespace, EVERY_OTHER]
        )
    answering = {"organization": "organization__name", "organization_id": "organization_id"}
    found = clusters.values(
        "pk",
        own=JSONObject(**answering),
        lines=Rows(lines, namespace="namespace", **answering),
    ).first()
    if found is None:
        return None
    by_namespace = {line["namespace"]: line for line in found["lines"]}
    mapped = by_namespace.get(namespace) or by_namespace.get(EVERY_OTHER)
    own: Row = found["own"]
    return {"pk": found["pk"], **(own if own["organization"] or not mapped else mapped)}


def live_cluster_credential(digest: str) -> ClusterCredential | None:
    """The cluster's credential that nobody has revoked with this digest, or None."""
    with scopes_disabled():
        credentials = ClusterCredential.objects.select_related("cluster")
        return credentials.filter(digest=digest, revoked_at=None).first()

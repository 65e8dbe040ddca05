"""Connecting Kubernetes clusters and mapping their namespaces to organizations."""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django_scopes import scopes_disabled

from orgs.actor import Actor, Invalid
from orgs.events import announce
from orgs.models import Organization
from orgs.secrets import SecretKind, new_public_id, new_secret, secret_digest
from orgs.transactions import operation, record_change, require_owner, require_site_staff
from permissions.cluster_models import (
    EVERY_OTHER,
    ClusterCredential,
    ClusterNamespace,
    ConnectedCluster,
)
from permissions.cluster_queries import is_namespace, mapping_of, namespaces_at
from permissions.core.text import shown
from permissions.versions import bump_site, lock_site


@operation
def connect_cluster(
    actor: Actor, organization: Organization, name: str
) -> tuple[ConnectedCluster, str]:
    """Connect an organization's own cluster; returns it and its secret, shown once."""
    require_owner(actor, organization, "connect clusters")
    cluster = ConnectedCluster(organization=organization, name=name)
    secret = _save_with_credential(cluster)
    record_change(actor, organization, "cluster.connected", name)
    announce([organization])
    return cluster, secret


@transaction.atomic
def connect_site_cluster(actor: Actor, name: str) -> tuple[ConnectedCluster, str]:
    """Connect a cluster that many organizations share; returns it and its secret."""
    require_site_staff(actor, "connect clusters for the whole site")
    lock_site()
    cluster = ConnectedCluster(name=name)
    secret = _save_with_credential(cluster)
    record_change(actor, None, "cluster.connected", name)
    bump_site()
    return cluster, secret


@transaction.atomic
def issue_cluster_credential(
    actor: Actor, cluster: ConnectedCluster, *, keep_old: bool = False
) -> str:
    """Make a new credential for a cluster; returns its secret, shown once.

    The others end, or stay until `end_old_cluster_credentials`: so an API server, which admits
    nothing without one, can be given the new before it loses the old.
    """
    _require_keeper(actor, cluster, "issue a cluster's credential")
    with scopes_disabled():
        # Of two at once, the second ends the credential of the first.
        if not ConnectedCluster.objects.select_for_update().filter(pk=cluster.pk).exists():
            raise Invalid(f"{cluster} is not connected any more.")
    if not keep_old:
        cluster.credentials.filter(revoked_at=None).update(revoked_at=timezone.now())
    secret = _new_credential(cluster)
    record_change(
        actor,
        cluster.organization,
        "cluster.credential_issued",
        cluster.name,
        after={"keep_old": keep_old},
    )
    return secret


@transaction.atomic
def end_old_cluster_credentials(actor: Actor, cluster: ConnectedCluster) -> int:
    """End all credentials of a cluster but the newest; returns how many ended now."""
    _require_keeper(actor, cluster, "end a cluster's credentials")
    live = cluster.credentials.filter(revoked_at=None).order_by("-pk")
    old = [credential.pk for credential in live[1:]]
    ended = cluster.credentials.filter(pk__in=old).update(revoked_at=timezone.now())
    if ended:
        record_change(actor, cluster.organization, "cluster.old_credentials_ended", cluster.name)
    return ended


@transaction.atomic
def disconnect_cluster(actor: Actor, cluster: ConnectedCluster) -> None:
    """End a cluster's credentials and forget it. Raises `Invalid` while namespaces are mapped."""
    _require_keeper(actor, cluster, "disconnect it")
    lock_site()
    mapped = namespaces_at(cluster)
    if mapped:
        raise Invalid(
            f"{mapped[0].organization} still answers for {mapped[0]}. "
            "Remove the cluster's mapped namespaces first."
        )
    name, organization = cluster.name, cluster.organization
    with scopes_disabled():
        cluster.delete()
    record_change(actor, organization, "cluster.disconnected", name)
    if organization is None:
        bump_site()
    else:
        announce([organization])


@operation
def map_namespace(
    actor: Actor, organization: Organization, cluster: ConnectedCluster, namespace: str
) -> ClusterNamespace:
    """Make an organization answer for a namespace of a site-wide cluster, or (`*`) for each that
    has no line of its own. Raises `Invalid` if another organization does already."""
    require_site_staff(actor, "map namespaces")
    if cluster.organization is not None:
        raise Invalid(
            f"{cluster} belongs to {cluster.organization}, which answers for all its namespaces."
        )
    if namespace != EVERY_OTHER and not is_namespace(namespace):
        raise Invalid(
            f"{shown(namespace)} can't be a Kubernetes namespace: it has 1 to 63 characters, "
            "a-z, 0-9 and - inside."
        )
    lock_site()
    known = mapping_of(cluster, namespace)
    if known is None:
        known = ClusterNamespace.objects.create(
            organization=organization, cluster=cluster, namespace=namespace
        )
        record_change(actor, organization, "cluster_namespace.mapped", str(known))
        announce([organization])
    elif known.organization_id != organization.pk:
        raise Invalid(f"{known.organization} answers for {known} already. Remove that first.")
    return known


@operation
def unmap_namespace(
    actor: Actor, organization: Organization, cluster: ConnectedCluster, namespace: str
) -> None:
    """End that an organization answers for a namespace. Raises `Invalid` if it doesn't."""
    require_site_staff(actor, "map namespaces")
    lines = ClusterNamespace.objects.filter(cluster=cluster, namespace=namespace)
    gone, _ = lines.delete()
    if not gone:
        raise Invalid(f"{organization} does not answer for {shown(f'{cluster}/{namespace}')}.")
    record_change(actor, organization, "cluster_namespace.unmapped", f"{cluster}/{namespace}")
    announce([organization])


def _require_keeper(actor: Actor, cluster: ConnectedCluster, to_do: str) -> None:
    if cluster.organization is None:
        require_site_staff(actor, f"{to_do} where it serves the whole site")
    else:
        require_owner(actor, cluster.organization, to_do)


def _save_with_credential(cluster: ConnectedCluster) -> str:
    try:
        with scopes_disabled():  # names are unique on the whole site
            cluster.full_clean()
    except ValidationError as error:
        raise Invalid(" ".join(error.messages)) from error
    cluster.save(force_insert=True)
    return _new_credential(cluster)


def _new_credential(cluster: ConnectedCluster) -> str:
    secret = new_secret(SecretKind.CLUSTER)
    ClusterCredential.objects.create(
        cluster=cluster,
        public_id=new_public_id(SecretKind.CLUSTER),
        digest=secret_digest(secret),
    )
    return secret

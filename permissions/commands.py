"""What manage.py's commands about connected registries and clusters have in common."""

from django.core.management.base import CommandError

from permissions.cluster_models import ConnectedCluster
from permissions.cluster_queries import stored_cluster


def existing_cluster(name: str) -> ConnectedCluster:
    """The connected cluster of that name. Raises `CommandError`."""
    cluster = stored_cluster(name)
    if cluster is None:
        raise CommandError(f"No cluster {name} is connected. manage.py connect_cluster does that.")
    return cluster

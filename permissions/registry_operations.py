"""Connecting registries and assigning namespaces."""

from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django_scopes import scopes_disabled

from orgs.actor import Actor, Invalid
from orgs.events import announce
from orgs.models import Organization
from orgs.secrets import SecretKind, new_public_id, new_secret, secret_digest
from orgs.transactions import operation, record_change, require_owner, require_site_staff
from permissions.core.reference import HUB, InvalidReference, fold_host, parse
from permissions.models import CatalogEntry, ConnectedRegistry, Namespace, RegistryCredential
from permissions.versions import bump_site, lock_site


@operation
def connect_registry(
    actor: Actor,
    organization: Organization,
    *,
    service: str,
    host: str,
    upstream: str = "",
    members_only: bool = False,
) -> tuple[ConnectedRegistry, str]:
    """Connect an organization's own registry; returns it and its secret, shown once."""
    require_owner(actor, organization, "connect registries")
    lock_site()
    with scopes_disabled():
        if ConnectedRegistry.objects.filter(organization=None, host=fold_host(host)).exists():
            raise Invalid(f"{host} is connected for the whole site already.")
    registry = ConnectedRegistry(
        organization=organization,
        service=service,
        host=_host(host),
        upstream=upstream,
        members_only=members_only,
    )
    secret = _save_with_credential(registry)
    record_change(actor, organization, "registry.connected", service, after=_described(registry))
    announce([organization])
    return registry, secret


@transaction.atomic
def connect_site_registry(
    actor: Actor,
    *,
    service: str,
    host: str,
    upstream: str = "",
    members_only: bool = False,
    anonymous_pulls: bool = False,
) -> tuple[ConnectedRegistry, str]:
    """Connect a registry that serves every organization; returns it and its secret."""
    require_site_staff(actor, "connect registries for the whole site")
    lock_site()
    with scopes_disabled():
        if ConnectedRegistry.objects.filter(host=fold_host(host)).exists():
            raise Invalid(f"{host} is connected already.")
        registry = ConnectedRegistry(
            service=service,
            host=_host(host),
            upstream=upstream,
            members_only=members_only,
            anonymous_pulls=anonymous_pulls,
        )
        secret = _save_with_credential(registry)
    record_change(actor, None, "registry.connected", service, after=_described(registry))
    bump_site()
    return registry, secret


@transaction.atomic
def issue_registry_credential(actor: Actor, registry: ConnectedRegistry) -> str:
    """End a registry's credentials and make a new one; returns its secret, shown once."""
    organization = registry.organization
    if organization is None:
        require_site_staff(actor, "issue the credential of a site-wide registry")
    else:
        require_owner(actor, organization, "issue a registry's credential")
    registry.credentials.filter(revoked_at=None).update(revoked_at=timezone.now())
    secret = _new_credential(registry)
    record_change(actor, organization, "registry.credential_issued", registry.service)
    return secret


@operation
def assign_namespace(
    actor: Actor,
    organization: Organization,
    path: str,
    registry: ConnectedRegistry | None = None,
) -> Namespace:
    """Give an organization a namespace: on Docker Hub, or on a connected registry (C9).

    Raises `Invalid` for a path that is malformed, taken, or inside somebody else's.
    """
    if registry is not None and registry.organization_id is not None:
        require_owner(actor, organization, "assign its namespaces")
    else:
        require_site_staff(actor, "assign namespaces on Docker Hub and on site-wide registries")
    lock_site()
    with scopes_disabled():
        _check_namespace(organization, path, registry)
    namespace, created = Namespace.objects.get_or_create(
        organization=organization, registry=registry, path=path
    )
    if created:
        record_change(actor, organization, "namespace.assigned", str(namespace))
        announce([organization])
    return namespace


def _check_namespace(
    organization: Organization, path: str, registry: ConnectedRegistry | None
) -> None:
    host = registry.host if registry else HUB
    # A second component, because one alone would be read as library/<path>.
    try:
        read = parse(f"{host}/{path}/image")
    except InvalidReference as error:
        raise Invalid(f"{path} can't be a namespace. {error}") from error
    if read.path != f"{path}/image":
        raise Invalid(f"{path} can't be a namespace: give it without tag or digest.")
    if registry is not None and registry.organization_id not in (None, organization.pk):
        raise Invalid(f"{organization.name} has no registry {registry.service}.")
    if registry is not None and registry.upstream:
        raise Invalid(
            f"{host} mirrors Docker Hub: assign the namespace on {registry.upstream} instead."
        )
    if path.split("/")[0] == "library":
        raise Invalid("library holds Docker's official images; nobody can own it.")
    if registry is None and _overlapping(CatalogEntry.objects.values_list("path", flat=True), path):
        raise Invalid(f"{path} belongs to a publisher in the catalogue.")
    others = Namespace.objects.filter(registry=registry).exclude(organization=organization)
    if _overlapping(others.values_list("path", flat=True), path):
        raise Invalid(f"{path} overlaps a namespace of another organization.")


def _overlapping(paths: Iterable[str], path: str) -> bool:
    return any(
        f"{other}/".startswith(f"{path}/") or f"{path}/".startswith(f"{other}/") for other in paths
    )


def _host(text: str) -> str:
    try:
        read = parse(f"{text}/a/b")
    except InvalidReference as error:
        raise Invalid(f"{text} can't be a registry's host. {error}") from error
    if read.path != "a/b":
        raise Invalid(f"{text} can't be a registry's host: give host or host:port.")
    host = fold_host(read.host)
    if host == HUB:
        raise Invalid("Docker Hub's own names can't be connected.")
    return host


def _save_with_credential(registry: ConnectedRegistry) -> str:
    try:
        with scopes_disabled():  # service names are unique on the whole site
            registry.full_clean()
    except ValidationError as error:
        raise Invalid(" ".join(error.messages)) from error
    registry.save(force_insert=True)
    return _new_credential(registry)


def _new_credential(registry: ConnectedRegistry) -> str:
    secret = new_secret(SecretKind.REGISTRY)
    RegistryCredential.objects.create(
        registry=registry,
        public_id=new_public_id(SecretKind.REGISTRY),
        digest=secret_digest(secret),
    )
    return secret


def _described(registry: ConnectedRegistry) -> dict[str, object]:
    return {
        "host": registry.host,
        "upstream": registry.upstream,
        "members_only": registry.members_only,
        "anonymous_pulls": registry.anonymous_pulls,
    }

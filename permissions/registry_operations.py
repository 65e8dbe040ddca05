"""Connecting registries, changing them, and letting them go."""

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
from permissions.models import ConnectedRegistry, RegistryCredential, ServiceName
from permissions.versions import bump_site, lock_site

SERVICE_TAKEN = "Another registry has this service name, or had it once. Choose another one."


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
    registry = ConnectedRegistry(
        organization=organization,
        service=service,
        host=_host_for(organization, host),
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


@operation
def change_registry(
    actor: Actor,
    organization: Organization,
    service: str,
    *,
    host: str,
    upstream: str,
    members_only: bool,
) -> ConnectedRegistry:
    """Set what an organization's own registry is. Its service name stays: the registry asks by it.

    Raises `Invalid` for a host that can't be, and for a mirror that holds namespaces (C9).
    """
    require_owner(actor, organization, "change connected registries")
    lock_site()
    registry = _own_registry(organization, service)
    before = _described(registry)
    registry.host = _host_for(organization, host, registry)
    registry.upstream = upstream
    registry.members_only = members_only
    after = _described(registry)
    changed = [field for field in before if before[field] != after[field]]
    if not changed:
        return registry
    if registry.upstream and registry.namespaces.exists():
        raise Invalid(
            f"{service} can't become a mirror of Docker Hub while namespaces lie on it. "
            "Release them first."
        )
    _validate(registry)
    registry.save(update_fields=changed)
    record_change(
        actor,
        organization,
        "registry.changed",
        service,
        before={field: before[field] for field in changed},
        after={field: after[field] for field in changed},
    )
    announce([organization])
    return registry


@operation
def disconnect_registry(actor: Actor, organization: Organization, service: str) -> None:
    """Let an organization's own registry go: its credential dies, the namespaces on it go."""
    require_owner(actor, organization, "disconnect registries")
    lock_site()
    registry = _own_registry(organization, service)
    namespaces = sorted(str(namespace) for namespace in registry.namespaces.all())
    before = {**_described(registry), "namespaces": namespaces}
    registry.delete()
    record_change(actor, organization, "registry.disconnected", service, before=before)
    announce([organization])


@transaction.atomic
def issue_registry_credential(actor: Actor, registry: ConnectedRegistry) -> str:
    """End a registry's credentials and make a new one; returns its secret, shown once."""
    organization = registry.organization
    if organization is None:
        require_site_staff(actor, "issue the credential of a site-wide registry")
    else:
        require_owner(actor, organization, "issue a registry's credential")
    with scopes_disabled():
        # Of two at once, the second ends the credential of the first.
        if not ConnectedRegistry.objects.select_for_update().filter(pk=registry.pk).exists():
            raise Invalid(f"{registry.service} is not connected any more.")
    registry.credentials.filter(revoked_at=None).update(revoked_at=timezone.now())
    secret = _new_credential(registry)
    record_change(actor, organization, "registry.credential_issued", registry.service)
    return secret


def _own_registry(organization: Organization, service: str) -> ConnectedRegistry:
    registry = ConnectedRegistry.objects.filter(service=service).first()
    if registry is None:
        raise Invalid(f"{organization.name} has no registry {service}.")
    return registry


def _host_for(
    organization: Organization, text: str, changing: ConnectedRegistry | None = None
) -> str:
    host = _host(text)
    with scopes_disabled():
        if ConnectedRegistry.objects.filter(organization=None, host=host).exists():
            raise Invalid(f"{host} is connected for the whole site already.")
    same = ConnectedRegistry.objects.filter(host=host).first()
    if same is not None and same != changing:
        raise Invalid(f"{organization.name} has connected {host} already, as {same.service}.")
    return host


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
    with scopes_disabled():
        if ConnectedRegistry.objects.filter(service=registry.service).exists():
            raise Invalid(SERVICE_TAKEN)
    _validate(registry)
    owner = registry.organization.name if registry.organization else ""
    name, _ = ServiceName.objects.get_or_create(name=registry.service, defaults={"owner": owner})
    if name.owner != owner:
        raise Invalid(SERVICE_TAKEN)
    registry.save(force_insert=True)
    return _new_credential(registry)


def _validate(registry: ConnectedRegistry) -> None:
    try:
        with scopes_disabled():  # service names are unique on the whole site
            registry.full_clean()
    except ValidationError as error:
        raise Invalid(" ".join(error.messages)) from error


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

"""Connecting registries, changing them, and letting them go."""

from collections import defaultdict
from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django_scopes import scopes_disabled

from orgs.actor import Actor, Invalid
from orgs.events import announce
from orgs.mail import write_to_owners
from orgs.models import Organization
from orgs.secrets import SecretKind, new_public_id, new_secret, secret_digest
from orgs.transactions import operation, record_change, require_owner, require_site_staff
from permissions.core.reference import HUB, InvalidReference, fold_host, parse
from permissions.models import (
    ConnectedRegistry,
    Namespace,
    NamespaceRequest,
    RegistryCredential,
    ServiceName,
)
from permissions.own_rule_queries import organizations_with_rules_about, rules_about_host
from permissions.registry_queries import namespaces_of_all_on, waiting_requests_on
from permissions.versions import bump_site, lock_site

SERVICE_TAKEN = "Another registry has this service name, or had it once. Choose another one."
MOST_NAMED = 5


class RulesWouldStop(Invalid):
    """Organizations have rules about a host that would stop counting if it became a mirror."""

    def __init__(self, host: str, organizations: list[Organization]) -> None:
        names = ", ".join(organization.name for organization in organizations)
        super().__init__(
            f"Rules about {host} would stop counting, as a mirror's images are judged by Docker "
            f"Hub's names. They are rules of {names}. Ask their owners, or say that they may stop."
        )


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
    if upstream:
        _refuse_to_stop_rules(organization, registry.host)
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
    rules_may_stop: bool = False,
) -> tuple[ConnectedRegistry, str]:
    """Connect a registry that serves every organization; returns it and its secret.

    Raises `RulesWouldStop` for a mirror about whose host organizations have rules, unless those
    `rules_may_stop`.
    """
    require_site_staff(actor, "connect registries for the whole site")
    lock_site()
    with scopes_disabled():
        registry = ConnectedRegistry(
            service=service,
            host=_host_for_all(host),
            upstream=upstream,
            members_only=members_only,
            anonymous_pulls=anonymous_pulls,
        )
        if upstream:
            _stop_rules(actor, registry.host, may_stop=rules_may_stop)
        secret = _save_with_credential(registry)
    record_change(actor, None, "registry.connected", service, after=_described(registry))
    bump_site()
    return registry, secret


@transaction.atomic
def change_site_registry(
    actor: Actor,
    service: str,
    *,
    host: str,
    upstream: str,
    members_only: bool,
    anonymous_pulls: bool,
    rules_may_stop: bool = False,
) -> ConnectedRegistry:
    """Set what a registry of the whole site is. Raises as `connect_site_registry` does, and for a
    mirror that holds namespaces (C9)."""
    require_site_staff(actor, "change registries of the whole site")
    lock_site()
    registry = _site_registry(service)
    host = _host_for_all(host, registry)
    with scopes_disabled():
        if upstream and (host, upstream) != (registry.host, registry.upstream):
            _stop_rules(actor, host, may_stop=rules_may_stop)
        changed = _change(
            actor,
            registry,
            host=host,
            upstream=upstream,
            members_only=members_only,
            anonymous_pulls=anonymous_pulls,
        )
    if changed:
        bump_site()
    return registry


@transaction.atomic
def disconnect_site_registry(actor: Actor, service: str) -> None:
    """Let a registry of the whole site go: its credential dies, and with it everybody's namespaces
    on it and requests for such, of which their owners learn."""
    require_site_staff(actor, "disconnect registries of the whole site")
    lock_site()
    registry = _site_registry(service)
    namespaces, requests = namespaces_of_all_on(registry), waiting_requests_on(registry)
    before = {
        **_described(registry),
        "namespaces": [f"{one} of {one.organization}" for one in namespaces],
        "requests": [f"{one} of {one.organization}" for one in requests],
    }
    with scopes_disabled():
        registry.delete()
    # By number, and the site last, as whoever writes to several logs at once.
    losing = sorted({one.organization for one in namespaces}, key=lambda one: one.pk)
    for namespace in sorted(namespaces, key=lambda one: (one.organization_id, one.path)):
        record_change(actor, namespace.organization, "namespace.released", str(namespace))
    record_change(actor, None, "registry.disconnected", service, before=before)
    announce(losing)
    bump_site()
    _write_to_who_loses(registry.host, namespaces, requests)


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
    host = _host_for(organization, host, registry)
    if upstream and (host, upstream) != (registry.host, registry.upstream):
        _refuse_to_stop_rules(organization, host)
    if _change(actor, registry, host=host, upstream=upstream, members_only=members_only):
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


def _change(actor: Actor, registry: ConnectedRegistry, **wished: object) -> bool:
    """Save what differs, and say so in the log of whoever the registry is; whether anything did."""
    before = _described(registry)
    changed = sorted(field for field in wished if wished[field] != before[field])
    if not changed:
        return False
    for field in changed:
        setattr(registry, field, wished[field])
    if registry.upstream and registry.namespaces.exists():
        raise Invalid(
            f"{registry.service} can't become a mirror of Docker Hub while namespaces lie on it. "
            "Release them first."
        )
    _validate(registry)
    registry.save(update_fields=changed)
    record_change(
        actor,
        registry.organization,
        "registry.changed",
        registry.service,
        before={field: before[field] for field in changed},
        after={field: wished[field] for field in changed},
    )
    return True


def _refuse_to_stop_rules(organization: Organization, host: str) -> None:
    """A mirror's images are judged by Docker Hub's names: rules about its own stop counting."""
    rules = rules_about_host(organization, host)
    if rules:
        named = ", ".join(str(rule) for rule in rules[:MOST_NAMED])
        more = f" and {len(rules) - MOST_NAMED} more" if len(rules) > MOST_NAMED else ""
        raise Invalid(
            f"As a mirror of Docker Hub, {host} would make rules of {organization.name} stop "
            f"counting: {named}{more}. End them first, and make them anew for {HUB} if they are "
            "still wanted."
        )


def _stop_rules(actor: Actor, host: str, *, may_stop: bool) -> None:
    """As above, for a registry of the whole site: staff can't end organizations' rules, so these
    are no veto, but their owners learn of it."""
    affected = organizations_with_rules_about(host)
    if affected and not may_stop:
        raise RulesWouldStop(host, affected)
    for organization in affected:
        record_change(actor, organization, "own_rules.stopped_counting", host)
        write_to_owners(organization, "permissions/email/rules_stopped", {"host": host})


def _write_to_who_loses(
    host: str, namespaces: Iterable[Namespace], requests: Iterable[NamespaceRequest]
) -> None:
    """One letter to each owner of an organization, whatever goes with a registry at this host."""
    lost: dict[Organization, tuple[list[str], list[str]]] = defaultdict(lambda: ([], []))
    for namespace in namespaces:
        lost[namespace.organization][0].append(str(namespace))
    for asked in requests:
        lost[asked.organization][1].append(str(asked))
    for organization, (owned, wanted) in lost.items():
        context = {"host": host, "namespaces": sorted(owned), "requests": sorted(wanted)}
        write_to_owners(organization, "permissions/email/site_registry_gone", context)


def _site_registry(service: str) -> ConnectedRegistry:
    with scopes_disabled():
        found = ConnectedRegistry.objects.filter(organization=None, service=service).first()
    if found is None:
        raise Invalid(f"No registry {service} is connected for the whole site.")
    return found


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


def _host_for_all(text: str, changing: ConnectedRegistry | None = None) -> str:
    host = _host(text)
    with scopes_disabled():
        same = ConnectedRegistry.objects.filter(host=host).first()
    if same is not None and same != changing:
        raise Invalid(f"{host} is connected already.")
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

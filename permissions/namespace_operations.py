"""Namespaces: asked for, given, declined and let go (C9)."""

from collections.abc import Iterable

from django.utils import timezone
from django_scopes import scopes_disabled

from orgs.actor import Actor, Invalid
from orgs.events import announce
from orgs.mail import write_to_owners
from orgs.models import Organization
from orgs.transactions import (
    is_staff,
    operation,
    record_change,
    require_owner,
    require_site_staff,
)
from permissions.core.reference import HUB, InvalidReference, parse
from permissions.models import CatalogEntry, ConnectedRegistry, Namespace, NamespaceRequest
from permissions.versions import lock_site

# Of one organization, so that none can bury the others' requests.
MOST_WAITING = 20
LONGEST_TEXT = 300

State = NamespaceRequest.State


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
    if _is_shared(registry):
        require_site_staff(actor, "assign namespaces on Docker Hub and on site-wide registries")
    else:
        require_owner(actor, organization, "assign its namespaces")
    return _assign(actor, organization, path, registry)


@operation
def request_namespace(
    actor: Actor,
    organization: Organization,
    path: str,
    registry: ConnectedRegistry | None = None,
    *,
    note: str = "",
) -> NamespaceRequest:
    """Ask site staff for a namespace on Docker Hub or on a site-wide registry.

    Raises `Invalid` for one that nobody could be given, that is owned, or that is asked for.
    """
    require_owner(actor, organization, "ask for namespaces")
    if not _is_shared(registry):
        raise Invalid(f"Owners of {organization.name} assign namespaces on its own registries.")
    lock_site()
    with scopes_disabled():
        _check(organization, path, registry)
    if Namespace.objects.filter(registry=registry, path=path).exists():
        raise Invalid(f"{organization.name} owns {_name(registry, path)} already.")
    waiting = NamespaceRequest.objects.filter(state=State.PENDING)
    if waiting.filter(registry=registry, path=path).exists():
        raise Invalid(f"{organization.name} has asked for {_name(registry, path)} already.")
    if waiting.count() >= MOST_WAITING:
        raise Invalid(
            f"{organization.name} has {MOST_WAITING} requests waiting. "
            "Withdraw one, or wait for site staff."
        )
    asked = NamespaceRequest.objects.create(
        organization=organization,
        registry=registry,
        path=path,
        note=note[:LONGEST_TEXT],
        asked_by=actor.name,
    )
    record_change(actor, organization, "namespace.requested", str(asked))
    return asked


@operation
def withdraw_namespace_request(
    actor: Actor, organization: Organization, asked: NamespaceRequest
) -> None:
    """Take a request back. Raises `Invalid` if it is settled."""
    require_owner(actor, organization, "withdraw its requests")
    waiting = _waiting(organization, asked)
    _settle(waiting, State.WITHDRAWN)
    record_change(actor, organization, "namespace.request_withdrawn", str(waiting))


@operation
def approve_namespace(
    actor: Actor, organization: Organization, asked: NamespaceRequest
) -> Namespace:
    """Give an organization the namespace it has asked for, and tell its owners.

    Raises `Invalid` if the request is settled, or if somebody else got it meanwhile.
    """
    require_site_staff(actor, "approve requests for namespaces")
    waiting = _waiting(organization, asked)
    namespace = _assign(actor, organization, waiting.path, waiting.registry)
    write_to_owners(organization, "permissions/email/namespace_approved", {"namespace": namespace})
    return namespace


@operation
def decline_namespace(
    actor: Actor, organization: Organization, asked: NamespaceRequest, reason: str
) -> None:
    """Refuse a request, and tell the organization's owners why. Raises `Invalid`."""
    require_site_staff(actor, "decline requests for namespaces")
    reason = reason.strip()
    if not reason or len(reason) > LONGEST_TEXT:
        raise Invalid(f"Give a reason of 1 to {LONGEST_TEXT} characters: the owners will read it.")
    waiting = _waiting(organization, asked)
    _settle(waiting, State.DECLINED, reason)
    record_change(actor, organization, "namespace.declined", str(waiting), after={"reason": reason})
    write_to_owners(organization, "permissions/email/namespace_declined", {"asked": waiting})


@operation
def release_namespace(actor: Actor, organization: Organization, namespace: Namespace) -> None:
    """Let a namespace go: its images are the organization's no more. Raises `Invalid` if gone.

    Site staff may release what they assign: namespaces on Docker Hub and on site-wide registries.
    """
    if not (_is_shared(namespace.registry) and is_staff(actor)):
        require_owner(actor, organization, "release its namespaces")
    lock_site()
    name = str(namespace)
    deleted, _ = Namespace.objects.filter(pk=namespace.pk).delete()
    if not deleted:
        raise Invalid(f"{organization.name} does not own {name} any more.")
    record_change(actor, organization, "namespace.released", name)
    announce([organization])


def _assign(
    actor: Actor, organization: Organization, path: str, registry: ConnectedRegistry | None
) -> Namespace:
    lock_site()
    with scopes_disabled():
        _check(organization, path, registry)
    namespace, created = Namespace.objects.get_or_create(
        organization=organization, registry=registry, path=path
    )
    asked = NamespaceRequest.objects.filter(state=State.PENDING, registry=registry, path=path)
    answered = asked.first()
    if answered is not None:
        _settle(answered, State.APPROVED)
    if created:
        after = {"asked_for_by": answered.asked_by} if answered else None
        record_change(actor, organization, "namespace.assigned", str(namespace), after=after)
        announce([organization])
    return namespace


def _is_shared(registry: ConnectedRegistry | None) -> bool:
    """Whether a namespace there is site staff's to give: on Docker Hub, on a site-wide registry."""
    return registry is None or registry.organization_id is None


def _waiting(organization: Organization, asked: NamespaceRequest) -> NamespaceRequest:
    found = NamespaceRequest.objects.select_related("registry").filter(pk=asked.pk).first()
    if found is None:
        raise Invalid(f"{organization.name} has no such request.")
    if found.state != State.PENDING:
        raise Invalid(f"The request for {found} is settled: {found.get_state_display().lower()}.")
    return found


def _settle(asked: NamespaceRequest, state: str, reason: str = "") -> None:
    asked.state, asked.reason, asked.settled_at = state, reason, timezone.now()
    asked.save(update_fields=["state", "reason", "settled_at"])


def _check(organization: Organization, path: str, registry: ConnectedRegistry | None) -> None:
    host = registry.host if registry else HUB
    if ":" in path or "@" in path:
        raise Invalid(f"{path} can't be a namespace: give it without tag or digest.")
    # A second component, because one alone would be read as library/<path>.
    try:
        read = parse(f"{host}/{path}/image")
    except InvalidReference as error:
        raise Invalid(f"{path} can't be a namespace. {error}") from error
    if read.path != f"{path}/image":
        raise Invalid(f"{path} can't be a namespace.")
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


def _name(registry: ConnectedRegistry | None, path: str) -> str:
    return f"{registry.host if registry else HUB}/{path}"

"""Reading connected registries, namespaces and requests for them, for pages and commands.

Functions about one organization start from it; the others are for site staff.
"""

from django.db.models import Count, F, Max, Q, QuerySet
from django_scopes import scope, scopes_disabled

from orgs.models import Organization
from permissions.models import ConnectedRegistry, Namespace, NamespaceRequest

SETTLED_SHOWN = 20
# Site staff assign namespaces there; elsewhere owners do (C9).
_SHARED = Q(registry=None) | Q(registry__organization=None)


def connected_registries(organization: Organization) -> QuerySet[ConnectedRegistry]:
    """An organization's own registries by service name, each with `namespace_count`, and with
    `credential_created_at` and `credential_used_at` of its live credential."""
    with scope(organization=organization):
        return _with_use(ConnectedRegistry.objects.all())


def connected_registry(organization: Organization, service: str) -> ConnectedRegistry | None:
    """The organization's own registry of that service name, as above, or None."""
    return connected_registries(organization).filter(service=service).first()


def namespaces_on(organization: Organization, registry: ConnectedRegistry) -> QuerySet[Namespace]:
    """The organization's namespaces on one registry, by path."""
    with scope(organization=organization):
        return Namespace.objects.select_related("registry").filter(registry=registry)


def namespaces_by_host(organization: Organization) -> QuerySet[Namespace]:
    """All of the organization's namespaces, those on Docker Hub first."""
    with scope(organization=organization):
        return Namespace.objects.select_related("registry").order_by(
            F("registry__host").asc(nulls_first=True), "path"
        )


def namespace_numbered(organization: Organization, number: int) -> Namespace | None:
    """The organization's namespace of that number, or None."""
    return namespaces_by_host(organization).filter(pk=number).first()


def waiting_requests_of(organization: Organization) -> QuerySet[NamespaceRequest]:
    """What the organization has asked for and nobody has settled, newest first."""
    with scope(organization=organization):
        return NamespaceRequest.objects.select_related("registry").filter(
            state=NamespaceRequest.State.PENDING
        )


def settled_requests_of(organization: Organization) -> QuerySet[NamespaceRequest]:
    """What became of the organization's last requests, newest first."""
    with scope(organization=organization):
        requests = NamespaceRequest.objects.select_related("registry")
        settled = requests.exclude(state=NamespaceRequest.State.PENDING)
        return settled.order_by("-settled_at", "-pk")[:SETTLED_SHOWN]


def request_numbered(organization: Organization, number: int) -> NamespaceRequest | None:
    """The organization's request of that number, settled or not, or None."""
    with scope(organization=organization):
        return NamespaceRequest.objects.select_related("registry").filter(pk=number).first()


def registries_that_hold_images(organization: Organization) -> list[ConnectedRegistry]:
    """The organization's own registries that are no mirrors, by service name."""
    with scope(organization=organization):
        return list(ConnectedRegistry.objects.filter(upstream=""))


def site_registries() -> list[ConnectedRegistry]:
    """The registries that serve everybody, by service name, each annotated as an organization's."""
    with scopes_disabled():
        return list(_with_use(ConnectedRegistry.objects.filter(organization=None)))


def site_registry(service: str) -> ConnectedRegistry | None:
    """The registry of the whole site of that service name, with `credential_created_at` and
    `credential_used_at` of its live credential, or None."""
    return next((one for one in site_registries() if one.service == service), None)


def namespaces_of_all_on(registry: ConnectedRegistry) -> list[Namespace]:
    """Everybody's namespaces on a registry of the whole site, by path. For site staff."""
    with scopes_disabled():
        return list(registry.namespaces.select_related("organization", "registry"))


def waiting_requests_on(registry: ConnectedRegistry) -> list[NamespaceRequest]:
    """Everybody's requests for namespaces on a registry that wait. For site staff."""
    return [asked for asked in waiting_requests() if asked.registry == registry]


def shared_namespaces(search: str = "") -> QuerySet[Namespace]:
    """Whose namespaces on Docker Hub and on registries of the whole site are, by path: those whose
    path or owner contains `search`. For site staff."""
    with scopes_disabled():
        shared = Namespace.objects.select_related("organization", "registry").filter(_SHARED)
        return shared.filter(Q(path__contains=search) | Q(organization__name__contains=search))


def shared_namespace_numbered(number: int) -> Namespace | None:
    """The namespace of that number on Docker Hub or on a registry of the whole site, or None."""
    return shared_namespaces().filter(pk=number).first()


def waiting_requests() -> list[NamespaceRequest]:
    """Everybody's requests that wait for site staff, the longest waiting first."""
    with scopes_disabled():
        requests = NamespaceRequest.objects.select_related("registry", "organization")
        waiting = requests.filter(state=NamespaceRequest.State.PENDING)
        return list(waiting.order_by("asked_at", "pk"))


def any_request_numbered(number: int) -> NamespaceRequest | None:
    """The request of that number, whoever's it is. For site staff."""
    with scopes_disabled():
        requests = NamespaceRequest.objects.select_related("registry", "organization")
        return requests.filter(pk=number).first()


def namespace_named(organization: Organization, name: str) -> Namespace | None:
    """The organization's namespace of that name, `docker.io/acme`, or None."""
    host, _, path = name.partition("/")
    on_host = Q(registry=None) if host == ConnectedRegistry.DOCKER_HUB else Q(registry__host=host)
    return namespaces_by_host(organization).filter(on_host, path=path).first()


def _with_use(registries: QuerySet[ConnectedRegistry]) -> QuerySet[ConnectedRegistry]:
    live = Q(credentials__revoked_at=None)
    return registries.annotate(
        namespace_count=Count("namespaces", distinct=True),
        credential_created_at=Max("credentials__created_at", filter=live),
        credential_used_at=Max("credentials__last_used_at", filter=live),
    )

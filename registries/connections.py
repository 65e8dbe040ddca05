"""What the pages of connected registries have in common."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.http import Http404

from orgs.actor import Invalid
from permissions.models import ConnectedRegistry
from registries.products import PLACEHOLDER, Connection


def connection_of(registry: ConnectedRegistry, secret: str | None = None) -> Connection:
    """What the registry's configuration is made from; `secret` while it is to be shown."""
    return Connection(
        service=registry.service,
        host=registry.host,
        mirrors_docker_hub=bool(registry.upstream),
        site_url=settings.SITE_URL,
        secret=secret or PLACEHOLDER,
    )


@contextmanager
def gone_is_not_found() -> Iterator[None]:
    """Somebody else may disconnect what a page is about between our look at it and our change."""
    try:
        yield
    except Invalid as error:
        raise Http404(str(error)) from error

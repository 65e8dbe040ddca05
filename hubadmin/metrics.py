"""Prometheus' page."""

import hmac

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest

from orgs.guards import public_page
from permissions.catalog_metrics import CatalogCollector
from permissions.propagation_metrics import LagCollector
from permissions.snapshots import shared


@require_safe
@public_page
def metrics(request: HttpRequest) -> HttpResponse:
    """The metrics, for whoever sends the configured token; for nobody while none is set."""
    if not _may_scrape(request):
        raise PermissionDenied(
            "Set HUBADMIN_METRICS_TOKEN, and send its value as Authorization: Bearer."
        )
    return HttpResponse(generate_latest(_registry()), content_type=CONTENT_TYPE_LATEST)


def _registry() -> CollectorRegistry:
    """What this process has counted; or all workers of its server, where they count together."""
    folder = shared.folder()
    if folder is None:
        return REGISTRY
    registry = CollectorRegistry()
    shared.SharedCollector(registry, folder)  # type: ignore[no-untyped-call]  # theirs has none
    # What is true of the whole site is looked up by whoever is asked.
    registry.register(CatalogCollector())
    registry.register(LagCollector())
    return registry


def _may_scrape(request: HttpRequest) -> bool:
    if not settings.METRICS_TOKEN:
        return False
    wanted = f"Bearer {settings.METRICS_TOKEN}"
    given = request.headers.get("Authorization", "")
    return hmac.compare_digest(given.encode(), wanted.encode())

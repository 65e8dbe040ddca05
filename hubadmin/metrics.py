"""Prometheus' page."""

import hmac

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from django_prometheus.exports import ExportToDjangoView

from orgs.guards import public_page


@require_safe
@public_page
def metrics(request: HttpRequest) -> HttpResponse:
    """The metrics, for whoever sends the configured token; for nobody while none is set."""
    if not _may_scrape(request):
        raise PermissionDenied(
            "Set HUBADMIN_METRICS_TOKEN, and send its value as Authorization: Bearer."
        )
    response: HttpResponse = ExportToDjangoView(request)
    return response


def _may_scrape(request: HttpRequest) -> bool:
    if not settings.METRICS_TOKEN:
        return False
    wanted = f"Bearer {settings.METRICS_TOKEN}"
    given = request.headers.get("Authorization", "")
    return hmac.compare_digest(given.encode(), wanted.encode())

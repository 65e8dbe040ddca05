"""Prometheus' page."""

import hmac
from ipaddress import ip_address

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from django_prometheus.exports import ExportToDjangoView

from orgs.guards import public_page


@require_safe
@public_page
def metrics(request: HttpRequest) -> HttpResponse:
    """The metrics: for whoever has the configured token, or from this machine if none is set."""
    if not _may_scrape(request):
        raise PermissionDenied(
            "Metrics need the token in HUBADMIN_METRICS_TOKEN, as Authorization: Bearer."
        )
    response: HttpResponse = ExportToDjangoView(request)
    return response


def _may_scrape(request: HttpRequest) -> bool:
    if settings.METRICS_TOKEN:
        wanted = f"Bearer {settings.METRICS_TOKEN}"
        given = request.headers.get("Authorization", "")
        return hmac.compare_digest(given.encode(), wanted.encode())
    return ip_address(request.META["REMOTE_ADDR"]).is_loopback

"""For whoever runs the site: is this process alive, and can it do its work."""

from collections.abc import Callable

from django.core.cache import cache
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from orgs.guards import public_page
from permissions.snapshots.memory import watcher
from registries.signing import current_signer


@require_safe
@public_page
def healthz(request: HttpRequest) -> HttpResponse:
    """Alive. Says nothing of what stands behind, so that nobody restarts us for its faults."""
    return JsonResponse({"status": "ok"})


@require_safe
@public_page
def readyz(request: HttpRequest) -> HttpResponse:
    """Ready to decide: the database, the cache, a signing key and the newest rules are at hand;
    else 503."""
    checks = {name: _works(check) for name, check in CHECKS.items()}
    ready = all(checks.values())
    body = {"status": "ok" if ready else "unavailable", "checks": checks}
    return JsonResponse(body, status=200 if ready else 503)


def _database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _cache() -> None:
    cache.set("readyz", 1, 10)


def _rules() -> None:
    if not watcher.look_again():
        raise RuntimeError("It can't be learned what has changed.")


def _signing_key() -> None:
    current_signer(timezone.now())


CHECKS: dict[str, Callable[[], None]] = {
    "database": _database,
    "cache": _cache,
    "signing_key": _signing_key,
    "rules": _rules,
}


def _works(check: Callable[[], None]) -> bool:
    try:
        check()
    except Exception:  # whatever it is, the answer is that it doesn't work
        return False
    return True

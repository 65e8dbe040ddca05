"""Where a change is in force, as the API and Org Permissions tell it."""

from collections.abc import Callable
from datetime import datetime
from uuid import uuid4

import httpx
import pytest
from django.db import connection
from django.utils import timezone

from orgs.actor import Actor
from orgs.models import Organization
from permissions.operations import Settings, change_policy
from permissions.queries import policy_of
from permissions.snapshots.memory import where_the_database_is
from permissions.worker_models import WorkerReport
from tests.conftest import NewVisitor

API = "/api/v1/orgs/acme/propagation"
PAGE = "/orgs/acme/settings/permissions/"
LINE = f"{PAGE}propagation/"
HTMX = {"HX-Request": "true"}
Report = Callable[..., None]


@pytest.fixture
def report(db: None) -> Report:
    """A worker's report, from before this test's transaction or from after it."""
    WorkerReport._default_manager.all().delete()  # this process' own, if it watches
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_xact_id()::text::bigint")
        [(own,)] = cursor.fetchall()

    def make(host: str, pid: int, *, after: bool) -> None:
        end = own + after
        WorkerReport._default_manager.create(
            id=uuid4(),
            host=host,
            pid=pid,
            token=f"{end}:{end}:",
            server=where_the_database_is().server,
        )

    return make


@pytest.fixture
def saved(acme: Organization) -> int:
    """The version after a change that nobody but this transaction can have."""
    change_policy(Actor.site_staff(), acme, Settings(True, True, False), None)
    return policy_of(acme).version


@pytest.mark.parametrize("path", [API, f"{API}/"])
def test_the_api_tells_each_worker_and_its_version(
    visitor: NewVisitor, demo: dict[str, str], report: Report, saved: int, path: str
) -> None:
    report("web-1", 8, after=True)
    report("web-2", 9, after=False)
    olivia = visitor(Authorization=f"Bearer {demo['OLIVIA_TOKEN']}")
    answer = olivia.get(path)
    assert answer.status_code == 200
    body = answer.json()
    seen = [worker.pop("seen_at") for worker in body["workers"]]
    assert all(datetime.fromisoformat(at).tzinfo for at in seen)
    assert body == {
        "policy_version": saved,
        "in_force_everywhere": False,
        "workers_in_force": 1,
        "workers": [
            {"host": "web-1", "pid": 8, "policy_version": saved, "in_force": True},
            {"host": "web-2", "pid": 9, "policy_version": saved - 1, "in_force": False},
        ],
    }


def test_another_organizations_change_is_waited_for_by_nobody(
    visitor: NewVisitor, demo: dict[str, str], report: Report, saved: int, globex: Organization
) -> None:
    report("web-1", 8, after=False)
    gus = visitor(Authorization=f"Bearer {demo['GUS_TOKEN']}")
    body = gus.get("/api/v1/orgs/globex/propagation").json()
    assert body["policy_version"] == policy_of(globex).version
    assert body["in_force_everywhere"] is True


def test_who_may_ask(visitor: NewVisitor, demo: dict[str, str]) -> None:
    statuses = {}
    for who in ("OLIVIA_TOKEN", "MEL_TOKEN", "NINA_TOKEN", "ACME_REGISTRY_TOKEN"):
        asking = visitor(Authorization=f"Bearer {demo[who]}")
        statuses[who] = (
            asking.get(API).status_code,
            asking.get("/api/v1/orgs/nowhere/propagation").status_code,
        )
    assert statuses == {
        "OLIVIA_TOKEN": (200, 404),
        "MEL_TOKEN": (403, 404),
        "NINA_TOKEN": (404, 404),
        "ACME_REGISTRY_TOKEN": (401, 401),
    }
    gus = visitor(Authorization=f"Bearer {demo['GUS_TOKEN']}").get(API)
    assert gus.json()["detail"] == "Only owners of acme see which machines decide for it."


def test_the_page_tells_an_owner_and_no_member(
    signed_in: Callable[[str], httpx.Client], report: Report, saved: int
) -> None:
    olivia, mel = signed_in("olivia"), signed_in("mel")
    assert "No worker has reported" in olivia.get(PAGE).text
    report("web-1", 8, after=True)
    assert "In force on the only worker" in olivia.get(PAGE).text
    report("web-2", 9, after=False)
    page = olivia.get(PAGE).text
    assert "In force on 1 of 2 workers; waiting for web-2 (9)." in page
    assert 'hx-trigger="every 1s"' in page
    assert "web-2" not in mel.get(PAGE).text
    assert mel.get(LINE, headers=HTMX).status_code == 403
    assert signed_in("nina").get(LINE, headers=HTMX).status_code == 404


def test_the_line_speaks_only_when_something_has_changed(
    signed_in: Callable[[str], httpx.Client], report: Report, saved: int
) -> None:
    olivia = signed_in("olivia")
    report("web-1", 8, after=True)
    report("web-2", 9, after=False)
    line = f"{LINE}?shown={saved}-1-2&until={int(timezone.now().timestamp()) + 30}"
    assert olivia.get(line, headers=HTMX).status_code == 204
    WorkerReport._default_manager.filter(host="web-2").delete()
    answer = olivia.get(line, headers=HTMX)
    assert "In force on the only worker" in answer.text
    assert "hx-get" not in answer.text


@pytest.mark.parametrize("until", ["", "0", "x", "²", "9" * 5000, "1e999", "%00"])
def test_it_asks_for_a_minute_and_no_longer(
    signed_in: Callable[[str], httpx.Client], report: Report, saved: int, until: str
) -> None:
    report("web-2", 9, after=False)
    line = f"{LINE}?shown={saved}-0-1&until={until}"
    answer = signed_in("olivia").get(line, headers=HTMX)
    assert "In force on 0 of 1 worker; waiting for web-2 (9)." in answer.text
    assert "hx-get" not in answer.text
    assert f'href="{PAGE}"' in answer.text


def test_without_scripts_the_lines_address_is_that_of_the_page(
    signed_in: Callable[[str], httpx.Client],
) -> None:
    assert signed_in("olivia").get(LINE).headers["location"] == PAGE

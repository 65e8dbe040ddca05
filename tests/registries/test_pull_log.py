"""What each protocol leaves in the pull log."""

from dataclasses import replace
from typing import Any

import pytest
from django.utils import timezone

from audit.models import UNDECIDED, DailyPulls, PullLogEntry
from audit.pull_log import PullLog
from orgs.actor import Actor
from orgs.models import Organization
from permissions.callers import registry_named
from permissions.operations import Settings, change_policy
from registries.headers import Headers
from registries.http import Request
from registries.pull_log import Event, record_event
from tests.conftest import NewVisitor

pytestmark = pytest.mark.django_db
DIGEST = "sha256:" + "0" * 64
Lines = list[tuple[Any, ...]]


@pytest.fixture(autouse=True)
def restricted(acme: Organization) -> None:
    change_policy(Actor.site_staff(), acme, Settings(True, True, False), None)


def lines(pull_log: PullLog, *fields: str) -> Lines:
    assert pull_log.flush()
    return list(PullLogEntry.objects.order_by("pk").values_list(*fields))


def ask_token(
    visitor: NewVisitor, demo: dict[str, str], who: str, *scopes: str, **more: str
) -> int:
    params = {"service": more.get("service", "acme"), "scope": list(scopes)}
    secret = demo.get(f"{who.upper()}_TOKEN", "")
    auth = (who, secret) if who else None
    return visitor().get("/auth/token", params=params, auth=auth).status_code


def test_a_token_leaves_a_line_for_each_action(
    visitor: NewVisitor, demo: dict[str, str], pull_log: PullLog, acme: Organization
) -> None:
    scopes = ("repository:alpine:pull", "repository:randomdev/tool:pull,push")
    assert ask_token(visitor, demo, "mel", *scopes) == 200
    assert lines(pull_log, "organization_id", "subject_id", "action", "repository", "rule") == [
        (acme.pk, "mel", "pull", "docker.io/library/alpine", "official_allowed"),
        (acme.pk, "mel", "pull", "docker.io/randomdev/tool", "community_restricted"),
        (acme.pk, "mel", "push", "docker.io/randomdev/tool", "push_denied"),
    ]
    entry = PullLogEntry.objects.latest("pk")
    assert (entry.protocol, entry.registry, entry.address) == ("token", "acme", "203.0.113.7")
    assert entry.client.startswith("python-httpx/")
    assert entry.request_id
    assert entry.policy_version


def test_signing_in_is_no_pull(
    visitor: NewVisitor, demo: dict[str, str], pull_log: PullLog
) -> None:
    assert ask_token(visitor, demo, "mel") == 200
    assert lines(pull_log, "pk") == []


def test_every_organization_that_decided_has_its_own_line(
    visitor: NewVisitor,
    demo: dict[str, str],
    pull_log: PullLog,
    acme: Organization,
    globex: Organization,
) -> None:
    assert ask_token(visitor, demo, "gus", "repository:randomdev/tool:pull", service="hub") == 401
    assert lines(pull_log, "organization_id", "rule", "allowed") == [
        (acme.pk, "community_restricted", False),
        (globex.pk, "not_enabled", True),
    ]


def test_a_person_of_no_organization_is_logged_for_none(
    visitor: NewVisitor, demo: dict[str, str], pull_log: PullLog
) -> None:
    assert ask_token(visitor, demo, "nina", "repository:alpine:pull", service="hub") == 200
    assert lines(pull_log, "organization_id", "subject_id", "rule", "policy_version") == [
        (UNDECIDED, "nina", "not_governed", None)
    ]


def test_anonymous_clients_are_only_counted(
    visitor: NewVisitor, demo: dict[str, str], pull_log: PullLog
) -> None:
    for repository in ("alpine", "randomdev/tool", "randomdev/other"):
        assert ask_token(visitor, demo, "", f"repository:{repository}:pull") == 401
    assert lines(pull_log, "pk") == []
    assert DailyPulls.objects.get(subject_kind="anonymous").count == 3


def test_an_evaluation_leaves_a_line_with_its_request_id(
    visitor: NewVisitor, demo: dict[str, str], pull_log: PullLog
) -> None:
    body = {
        "subject": {"type": "user", "id": "mel"},
        "action": {"name": "pull"},
        "resource": {"type": "image", "id": "Not An Image\u0000"},
    }
    headers = {
        "Authorization": f"Bearer {demo['ACME_REGISTRY_TOKEN']}",
        "X-Request-ID": "r-17",
        "User-Agent": "policy-tool/2",
    }
    assert visitor().post("/access/v1/evaluation", json=body, headers=headers).status_code == 200
    fields = ("image", "repository", "rule", "protocol", "client", "request_id")
    assert lines(pull_log, *fields) == [
        ("Not An Image\ufffd", "", "invalid_reference", "authzen", "policy-tool/2", "r-17")
    ]


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "alpine/manifests/3.20", [("pull", "official_allowed")]),
        ("GET", f"alpine/blobs/{DIGEST}", []),
        ("GET", "bitnami/redis/manifests/7", [("pull", "verified_publisher_restricted")]),
        ("GET", f"bitnami/redis/blobs/{DIGEST}", [("pull", "verified_publisher_restricted")]),
        ("PUT", "bitnami/redis/manifests/7", [("push", "push_denied")]),
    ],
)
def test_a_live_check_logs_manifests_and_refusals_but_no_layers(
    visitor: NewVisitor,
    demo: dict[str, str],
    pull_log: PullLog,
    method: str,
    path: str,
    expected: Lines,
) -> None:
    headers = {
        "X-Registry-Token": demo["ACME_REGISTRY_TOKEN"],
        "X-Original-Method": method,
        "X-Original-URI": f"/v2/{path}",
    }
    visitor().get("/authz/nginx", headers=headers, auth=("mel", demo["MEL_TOKEN"]))
    assert lines(pull_log, "action", "rule") == expected


@pytest.mark.parametrize(("action", "lines_left"), [("get-manifest", 1), ("get-blob", 0)])
def test_angos_is_logged_by_what_it_says_is_done(
    visitor: NewVisitor, demo: dict[str, str], pull_log: PullLog, action: str, lines_left: int
) -> None:
    headers = {
        "Authorization": f"Bearer {demo['ACME_REGISTRY_TOKEN']}",
        "X-Registry-Username": "mel",
        "X-Registry-Action": action,
        "X-Registry-Namespace": "alpine",
    }
    assert visitor().get("/authz/angos", headers=headers).status_code == 200
    assert len(lines(pull_log, "pk")) == lines_left


def test_addresses_are_left_out_where_the_site_says_so(
    visitor: NewVisitor, demo: dict[str, str], pull_log: PullLog, settings: Any
) -> None:
    settings.PULL_LOG_ADDRESSES = False
    ask_token(visitor, demo, "mel", "repository:alpine:pull")
    assert lines(pull_log, "address") == [(None,)]


def test_a_reported_event_counts_once_however_often_it_comes(
    pull_log: PullLog, acme: Organization
) -> None:
    registry = registry_named("acme")
    assert registry is not None
    request = Request("POST", "/", "", Headers({}), b"", "203.0.113.7")
    event = Event(
        id="e-1",
        at=timezone.now(),
        username="mel",
        action="pull",
        image="localhost:5000/acme/app:1",
        repository="docker.io/acme/app",
        organizations=[("acme", 1)],
    )
    record_event(request, registry, event)
    record_event(request, registry, event)
    assert lines(pull_log, "rule", "protocol") == [("reported", "notification")]
    record_event(request, registry, event)
    record_event(request, registry, replace(event, id="e-2"))
    assert len(lines(pull_log, "pk")) == 2
    assert DailyPulls.objects.get(organization_id=acme.pk).count == 2

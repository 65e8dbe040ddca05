"""Distribution's notifications: into the pull log once each, whoever else sends what."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from django.utils import timezone

from audit.models import PullLogEntry
from audit.pull_log import PullLog
from orgs.actor import Actor
from orgs.models import Organization
from orgs.operations import deactivate_user
from orgs.secrets import SecretKind, new_secret
from permissions.queries import policy_of
from tests.conftest import NewVisitor, named_user

PATH = "/notifications/distribution"
DIGEST = "sha256:" + "0" * 64
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
Report = Callable[..., int]


def event(**changes: Any) -> dict[str, Any]:
    """Mel pulls acme's registry's grafana/loki:3, as Distribution 2.8 reports it."""
    found: dict[str, Any] = {
        "id": "320678d8-ca14-430f-8bb6-4ca139cd83f7",
        "timestamp": datetime.now(UTC).isoformat(),
        "action": "pull",
        "target": {
            "mediaType": MANIFEST,
            "size": 708,
            "digest": DIGEST,
            "length": 708,
            "repository": "grafana/loki",
            "url": f"http://elsewhere.example/v2/grafana/loki/manifests/{DIGEST}",
            "tag": "3",
        },
        "request": {
            "id": "6df24a34-0959-4923-81ca-14f09767db19",
            "addr": "192.0.2.64:42961",
            "host": "elsewhere.example",
            "method": "GET",
            "useragent": "docker/27.1",
        },
        "actor": {"name": "mel"},
        "source": {"addr": "registry:5000", "instanceID": "a53db899"},
    }
    target = {**found["target"], **changes.pop("target", {})}
    request = {**found["request"], **changes.pop("request", {})}
    return {**found, "target": target, "request": request, **changes}


@pytest.fixture
def report(visitor: NewVisitor, demo: dict[str, str], pull_log: PullLog) -> Report:
    client = visitor()

    def post(*events: Any, credential: str = demo["ACME_REGISTRY_TOKEN"]) -> int:
        answer = client.post(
            PATH,
            json={"events": list(events)},
            headers={
                "Authorization": f"Bearer {credential}",
                "Content-Type": "application/vnd.docker.distribution.events.v1+json",
            },
        )
        assert answer.status_code == 200, answer.text
        assert pull_log.flush()
        recorded: int = answer.json()["recorded"]
        return recorded

    return post


def test_a_pull_is_logged(report: Report, acme: Organization) -> None:
    assert report(event()) == 1
    line = PullLogEntry.objects.get()
    assert line.image == f"localhost:5000/grafana/loki:3@{DIGEST}"
    assert (line.organization_id, line.policy_version) == (acme.pk, policy_of(acme).version)
    assert (line.subject_kind, line.subject_id, line.action) == ("user", "mel", "pull")
    assert (line.protocol, line.rule, line.allowed) == ("notification", "reported", True)
    assert (line.registry, line.address, line.client) == ("acme", "192.0.2.64", "docker/27.1")


def test_an_event_counts_once_however_often_it_comes(report: Report) -> None:
    one = event()
    report(one, one)
    report(one)
    report(event(timestamp="2020-01-01T00:00:00Z"))
    report(event(action="push"))
    assert PullLogEntry.objects.count() == 1


def test_two_registries_may_use_the_same_id(report: Report, demo: dict[str, str]) -> None:
    report(event())
    report(event(), credential=demo["SITE_REGISTRY_TOKEN"])
    assert PullLogEntry.objects.count() == 2


def test_events_come_in_any_order(report: Report) -> None:
    now = timezone.now()
    ages = {"b": 5, "a": 10, "c": 0}
    moments = {name: now - timedelta(minutes=age) for name, age in ages.items()}
    report(*(event(id=name, timestamp=moment.isoformat()) for name, moment in moments.items()))
    assert sorted(PullLogEntry.objects.values_list("at", flat=True)) == sorted(moments.values())


@pytest.mark.parametrize(
    "timestamp", ["2999-01-01T00:00:00Z", "yesterday", "", "2026-01-01T00:00:00", "0"]
)
def test_a_clock_that_makes_no_sense_is_not_believed(report: Report, timestamp: str) -> None:
    before = timezone.now()
    assert report(event(timestamp=timestamp)) == 1
    assert before <= PullLogEntry.objects.get().at <= timezone.now()


def test_go_writes_billionths_of_a_second(report: Report) -> None:
    earlier = timezone.now() - timedelta(hours=1)
    assert report(event(timestamp=earlier.strftime("%Y-%m-%dT%H:%M:%S.123456789Z"))) == 1
    assert abs(PullLogEntry.objects.get().at - earlier) < timedelta(seconds=1)


@pytest.mark.parametrize(
    "other",
    [
        event(action="mount"),
        event(action="frobnicate"),
        event(request={"method": "HEAD"}),
        event(target={"mediaType": "application/octet-stream"}),
        event(target={"mediaType": ""}),
        event(target={"repository": "Not A Repository"}),
        event(target={"repository": ""}),
        event(target={"digest": "sha256:short"}),
        event(id=""),
        event(id=None),
        event(target={"repository": None}),
        event(timestamp=(timezone.now() - timedelta(days=91)).isoformat()),
        {},
        None,
        "event",
        [],
    ],
)
def test_what_matters_to_nobody_is_passed_over(report: Report, other: Any) -> None:
    assert report(other, event(id="beside it")) == 1
    assert PullLogEntry.objects.count() == 1


@pytest.mark.parametrize(
    "media_type",
    [
        MANIFEST,
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.docker.distribution.manifest.v2+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
        "application/vnd.docker.distribution.manifest.v1+prettyjws",
    ],
)
def test_every_kind_of_manifest_is_an_image(report: Report, media_type: str) -> None:
    assert report(event(target={"mediaType": media_type})) == 1


def test_pushes_and_deletions(report: Report) -> None:
    pushed = event(id="1", action="push", request={"method": "PUT"})
    deleted = event(
        id="2", action="delete", target={"mediaType": "", "tag": ""}, request={"method": "DELETE"}
    )
    assert report(pushed, deleted) == 2
    lines = PullLogEntry.objects.order_by("action").values_list("action", "image")
    assert list(lines) == [
        ("delete", f"localhost:5000/grafana/loki@{DIGEST}"),
        ("push", f"localhost:5000/grafana/loki:3@{DIGEST}"),
    ]


def test_at_a_site_wide_registry_it_goes_to_whom_it_concerns(
    report: Report, acme: Organization, globex: Organization, demo: dict[str, str]
) -> None:
    site = demo["SITE_REGISTRY_TOKEN"]
    report(event(actor={"name": "gus"}), credential=site)
    concerned = PullLogEntry.objects.values_list("organization_id", flat=True)
    assert sorted(concerned) == sorted([acme.pk, globex.pk])
    pushed = event(id="push", action="push", target={"repository": "globex/app"})
    report({**pushed, "actor": {"name": "gus"}}, credential=site)
    assert PullLogEntry.objects.get(action="push").organization_id == globex.pk


def test_who_has_gone_since_is_logged_where_it_was(report: Report, acme: Organization) -> None:
    deactivate_user(Actor.site_staff(), named_user("mel"))
    report(event())
    assert PullLogEntry.objects.get().organization_id == acme.pk


def test_a_forged_envelope_is_refused(
    visitor: NewVisitor, demo: dict[str, str], pull_log: PullLog
) -> None:
    client = visitor()
    for bad in ("", "nonsense", new_secret(SecretKind.REGISTRY), demo["OLIVIA_TOKEN"]):
        answer = client.post(
            PATH, json={"events": [event()]}, headers={"Authorization": f"Bearer {bad}"}
        )
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Bearer")
    assert pull_log.flush()
    assert PullLogEntry.objects.count() == 0


@pytest.mark.parametrize("body", [b"[]", b"null", b"{}", b'{"events": null}', b'{"events": {}}'])
def test_an_envelope_of_nothing_is_taken(
    visitor: NewVisitor, demo: dict[str, str], body: bytes
) -> None:
    answer = send(visitor, demo, body)
    assert (answer.status_code, answer.json()) == (200, {"recorded": 0})


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 100_000])
def test_what_is_not_json_is_refused(
    visitor: NewVisitor, demo: dict[str, str], body: bytes
) -> None:
    answer = send(visitor, demo, body)
    assert answer.status_code == 400
    assert "not JSON" in answer.json()["message"]


def send(visitor: NewVisitor, demo: dict[str, str], body: bytes) -> httpx.Response:
    client = visitor(Authorization=f"Bearer {demo['ACME_REGISTRY_TOKEN']}")
    return client.post(PATH, content=body)

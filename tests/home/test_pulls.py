"""The page of pulls: owners see everybody's, members their own, nobody another organization's."""

import csv
import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from django.utils import timezone

from audit.models import PullLogEntry
from audit.pull_queries import Wanted, daily_series, pull_of, pulls_of, refused_pulls_of
from orgs.models import Organization
from tests.conftest import Log

pytestmark = pytest.mark.django_db
PULLS = "/orgs/acme/activity/pulls/"
SignedIn = Callable[[str], httpx.Client]


def test_owners_see_everybodys_pulls_with_where_from(signed_in: SignedIn, log: Log) -> None:
    log()
    log(subject_id="gus", image="docker.io/library/alpine", rule="official_allowed", allowed=True)
    page = signed_in("olivia").get(PULLS).text
    assert "docker.io/randomdev/tool:1" in page
    assert "community images are restricted" in page
    assert "docker.io/library/alpine" in page
    assert "203.0.113.9" in page


def test_a_verified_publishers_image_says_which_entry_made_it_one(
    signed_in: SignedIn, log: Log
) -> None:
    for repository in ("docker.io/grafana/loki", "docker.io/nobody/here"):
        log(image=repository, repository=repository, category="verified_publisher")
    log(image="docker.io/bitnami/redis", repository="docker.io/bitnami/redis", category="community")
    page = signed_in("olivia").get(PULLS).text
    assert page.count("listed as") == 1
    assert 'listed as <a href="/catalog/?text=grafana">grafana</a>' in page


def test_members_see_their_own_pulls_only(signed_in: SignedIn, log: Log) -> None:
    log()
    log(subject_id="gus", image="docker.io/gus/secret")
    log(subject_id="mel", subject_kind="token", image="docker.io/token/secret")
    mel = signed_in("mel")
    for page in (mel.get(PULLS).text, mel.get(PULLS, params={"who": "gus"}).text):
        assert "docker.io/randomdev/tool:1" in page
        assert "secret" not in page
        assert "203.0.113.9" not in page


def test_no_organization_sees_anothers_pulls(
    signed_in: SignedIn, log: Log, acme: Organization, globex: Organization
) -> None:
    log(organization="globex", subject_id="gus", image="docker.io/globex/secret")
    log(organization=None, policy_version=None, image="docker.io/nobody/secret")
    assert "secret" not in signed_in("olivia").get(PULLS).text
    entry = pulls_of(globex.pk).get()
    assert pull_of(globex.pk, entry.pk) == entry
    assert pull_of(acme.pk, entry.pk) is None
    assert not refused_pulls_of(acme.pk, "gus").exists()
    assert refused_pulls_of(globex.pk, "gus").get() == entry


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"answer": "refused"}, {"randomdev/tool"}),
        ({"answer": "allowed"}, {"library/alpine", "bitnami/redis"}),
        ({"who": "gus"}, {"bitnami/redis"}),
        ({"repository": "docker.io/lib"}, {"library/alpine"}),
        ({"repository": "docker.io/l_b"}, set()),
        ({"answer": "allowed", "who": "mel"}, {"library/alpine"}),
        ({"category": "official"}, {"library/alpine"}),
        ({"rule": "blocked"}, {"bitnami/redis"}),
        ({"registry": "hub"}, {"randomdev/tool"}),
        ({"since": "2026-03-02"}, {"randomdev/tool", "bitnami/redis"}),
        ({"until": "2026-03-02"}, {"library/alpine", "bitnami/redis"}),
        ({"since": "2026-03-02", "until": "2026-03-02", "who": "gus"}, {"bitnami/redis"}),
        ({"since": "2026-03-02", "until": "2026-03-01"}, set()),
    ],
)
def test_filters_narrow_what_is_shown(
    signed_in: SignedIn, log: Log, filters: dict[str, str], expected: set[str]
) -> None:
    names = {"library/alpine": "mel", "bitnami/redis": "gus", "randomdev/tool": "mel"}
    more: dict[str, dict[str, Any]] = {
        "library/alpine": {"category": "official", "at": datetime(2026, 3, 1, 23, 59, tzinfo=UTC)},
        "bitnami/redis": {"rule": "blocked", "at": datetime(2026, 3, 2, tzinfo=UTC)},
        "randomdev/tool": {"registry": "hub", "at": datetime(2026, 3, 3, tzinfo=UTC)},
    }
    for name, who in names.items():
        image = f"docker.io/{name}"
        allowed = name != "randomdev/tool"
        log(image=image, repository=image, subject_id=who, allowed=allowed, **more[name])
    page = signed_in("olivia").get(PULLS, params=filters).text
    assert {name for name in names if f"<code>docker.io/{name}</code>" in page} == expected
    assert expected or "No pull fits the filter." in page


@pytest.mark.parametrize(
    "filters",
    [
        {"answer": "maybe"},
        {"who": "x" * 101},
        {"repository": "a\x00b"},
        {"before": "-1"},
        {"before": "9" * 30},
        {"rule": "none"},
        {"since": "2026-13-01"},
    ],
)
def test_a_filter_that_means_nothing_shows_nothing(
    signed_in: SignedIn, log: Log, filters: dict[str, str]
) -> None:
    log()
    answer = signed_in("olivia").get(PULLS, params=filters)
    assert answer.status_code == 200
    assert "randomdev" not in answer.text


def test_many_pulls_come_in_pages(signed_in: SignedIn, log: Log) -> None:
    for number in range(60):
        log(image=f"docker.io/randomdev/tool:{number}x")
    olivia = signed_in("olivia")
    first = olivia.get(PULLS, params={"answer": "refused"}).text
    assert "tool:59x" in first
    assert "tool:19x" not in first
    before = PullLogEntry.objects.get(image__endswith=":20x").pk
    assert f"?answer=refused&amp;before={before}" in first
    second = olivia.get(PULLS, params={"answer": "refused", "before": str(before)}).text
    assert "tool:19x" in second
    assert "tool:20x" not in second
    assert "Newest" in second
    assert "Older" not in second


def test_days_are_summed_by_answer(log: Log, acme: Organization) -> None:
    now = timezone.now()
    for days in (0, 0, 1, 40):
        log(at=now - timedelta(days=days))
    log(allowed=True, rule="owner")
    log(action="push", rule="push_denied")
    today = now.date()
    assert daily_series(acme.pk, today - timedelta(days=30)) == {
        today - timedelta(days=1): {True: 0, False: 1},
        today: {True: 1, False: 2},
    }


def test_a_monitored_refusal_says_what_would_have_been(signed_in: SignedIn, log: Log) -> None:
    log(rule="monitored", would_have="community_restricted", allowed=True)
    page = signed_in("olivia").get(PULLS).text
    assert "restrictions are only monitored; else refused: community images are restricted" in page


def test_filters_combine_in_one_query(log: Log, acme: Organization) -> None:
    log()
    wanted = Wanted(allowed=False, subject="mel", repository="docker.io/randomdev")
    assert pulls_of(acme.pk, wanted).count() == 1


def test_what_no_index_finds_is_looked_for_piece_by_piece(
    signed_in: SignedIn, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    log(rule="blocked", image="docker.io/randomdev/needle")
    for _ in range(25):
        log()
    newest = PullLogEntry.objects.latest("pk").pk
    monkeypatch.setattr("audit.pull_queries.SEARCHED_AT_ONCE", 10)
    olivia = signed_in("olivia")
    page = olivia.get(PULLS, params={"rule": "blocked"}).text
    assert "Look further back" in page
    looks = 1
    while "randomdev/needle" not in page:
        before = page.partition("rule=blocked&amp;before=")[2].partition('"')[0]
        assert 0 < newest - int(before) <= 11 * looks
        page = olivia.get(PULLS, params={"rule": "blocked", "before": before}).text
        looks += 1
    assert looks == 3
    assert "Look further back" not in page
    file = olivia.get("/orgs/acme/activity/pulls.json", params={"rule": "blocked"}).json()
    assert [pull["image"] for pull in file] == ["docker.io/randomdev/needle"]


def test_owners_download_pulls(signed_in: SignedIn, log: Log) -> None:
    log(client="=cmd|' /C calc'!A0", own_rule=7, rule="blocked")
    log(subject_id="gus", allowed=True)
    olivia = signed_in("olivia")
    text = olivia.get("/orgs/acme/activity/pulls.csv", params={"answer": "refused"}).text
    (row,) = csv.DictReader(io.StringIO(text))
    assert row["client"] == "'=cmd|' /C calc'!A0"
    assert (row["subject"], row["allowed"], row["own_rule"]) == ("mel", "False", "7")
    both = olivia.get("/orgs/acme/activity/pulls.json").json()
    assert [(pull["subject"], pull["own_rule"]) for pull in both] == [("gus", None), ("mel", 7)]

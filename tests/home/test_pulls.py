"""The page of pulls: owners see everybody's, members their own, nobody another organization's."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
from django.utils import timezone

from audit.models import PullLogEntry
from audit.pull_log import Pull, PullLog
from audit.pull_queries import Wanted, daily_series, pull_of, pulls_of, refused_pulls_of
from orgs.models import Organization

pytestmark = pytest.mark.django_db
PULLS = "/orgs/acme/activity/pulls/"
SignedIn = Callable[[str], httpx.Client]
Log = Callable[..., None]


@pytest.fixture
def log(pull_log: PullLog) -> Log:
    """Logs one pull by Mel of a refused image at acme, unless told otherwise."""

    def written(**changes: Any) -> None:
        given: dict[str, Any] = {
            "at": timezone.now(),
            "organization": "acme",
            "subject_kind": "user",
            "subject_id": "mel",
            "action": "pull",
            "image": "docker.io/randomdev/tool:1",
            "repository": "docker.io/randomdev/tool",
            "category": "community",
            "rule": "community_restricted",
            "allowed": False,
            "policy_version": 1,
            "protocol": "token",
            "registry": "acme",
            "client": "podman/5",
            "address": "203.0.113.9",
            "request_id": "",
        }
        pull_log.add([Pull(**given | changes)])
        assert pull_log.flush()

    return written


def test_owners_see_everybodys_pulls_with_where_from(signed_in: SignedIn, log: Log) -> None:
    log()
    log(subject_id="gus", image="docker.io/library/alpine", rule="official_allowed", allowed=True)
    page = signed_in("olivia").get(PULLS).text
    assert "docker.io/randomdev/tool:1" in page
    assert "community images are restricted" in page
    assert "docker.io/library/alpine" in page
    assert "203.0.113.9" in page


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
    ],
)
def test_filters_narrow_what_is_shown(
    signed_in: SignedIn, log: Log, filters: dict[str, str], expected: set[str]
) -> None:
    names = {"randomdev/tool": "mel", "library/alpine": "mel", "bitnami/redis": "gus"}
    for name, who in names.items():
        image = f"docker.io/{name}"
        log(image=image, repository=image, subject_id=who, allowed=name != "randomdev/tool")
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
    assert "tool:9x" not in first
    before = PullLogEntry.objects.get(image__endswith=":10x").pk
    assert f"?answer=refused&amp;before={before}" in first
    second = olivia.get(PULLS, params={"answer": "refused", "before": str(before)}).text
    assert "tool:9x" in second
    assert "tool:10x" not in second
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

"""The page of changes: found again by who, what, when and words; exported by owners."""

import csv
import io
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from django.utils import timezone

from audit.models import AuditEntry
from audit.record import record
from orgs.models import Organization

pytestmark = pytest.mark.django_db
CHANGES = "/orgs/acme/activity/"
CSV, JSON = "/orgs/acme/activity/changes.csv", "/orgs/acme/activity/changes.json"
SignedIn = Callable[[str], httpx.Client]
Write = Callable[..., AuditEntry]


@pytest.fixture
def write(acme: Organization, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Logs one change at acme, `days` ago."""

    def written(days: int = 0, **changes: Any) -> AuditEntry:
        at = timezone.now() - timedelta(days=days)
        given = {"actor": "olivia", "action": "team.created", "address": "198.51.100.1"}
        with monkeypatch.context() as patch:
            patch.setattr("django.utils.timezone.now", lambda: at)
            return record(organization_id=acme.pk, **given | changes)

    return written


def shown(page: str, *targets: str) -> set[str]:
    return {target for target in targets if f"<bdi>{target}</bdi>" in page}


def day(entry: AuditEntry) -> str:
    return f"{entry.at:%Y-%m-%d}"


def test_each_filter_narrows(signed_in: SignedIn, write: Write) -> None:
    old = write(days=40, target="first-team", after={"can_push": True})
    write(days=20, target="second-team", actor="gus")
    write(days=10, target="third", action="team.deleted", before={"description": "Zürich"})
    olivia = signed_in("olivia")
    teams = ("first-team", "second-team", "third")
    for filters, expected in [
        ({}, set(teams)),
        ({"who": "gus"}, {"second-team"}),
        ({"action": "team.created"}, {"first-team", "second-team"}),
        ({"action": "team.created", "who": "olivia"}, {"first-team"}),
        ({"since": day(old), "until": day(old)}, {"first-team"}),
        ({"since": f"{old.at + timedelta(days=1):%Y-%m-%d}"}, {"second-team", "third"}),
        ({"until": f"{old.at - timedelta(days=1):%Y-%m-%d}"}, set()),
        ({"text": "SECOND"}, {"second-team"}),
        ({"text": "can_push"}, {"first-team"}),
        ({"text": "-team", "who": "olivia"}, {"first-team"}),
        ({"text": "100%_"}, set()),
    ]:
        page = olivia.get(CHANGES, params=filters).text
        assert shown(page, *teams) == expected, filters
        assert expected or "No change fits the filter." in page


@pytest.mark.parametrize(
    ("filters", "sentence"),
    [
        ({"who": "x" * 151}, "at most 150"),
        ({"action": "world.ended"}, "Select a valid choice."),
        ({"since": "yesterday"}, "Give a day such as 2026-02-28."),
        ({"until": "2026-02-30"}, "Give a day such as 2026-02-28."),
        ({"text": "a\x00b"}, "Null characters"),
    ],
)
def test_a_filter_that_means_nothing_says_so(
    signed_in: SignedIn, write: Write, filters: dict[str, str], sentence: str
) -> None:
    write(target="a-team")
    olivia = signed_in("olivia")
    answer = olivia.get(CHANGES, params=filters)
    assert answer.status_code == 200
    assert sentence in answer.text
    assert "a-team" not in answer.text
    file = olivia.get(CSV, params=filters)
    assert file.status_code == 400
    assert sentence in file.text


def test_many_changes_come_in_pages(signed_in: SignedIn, write: Write) -> None:
    entries = [write(target=f"team-{number}") for number in range(60)]
    olivia = signed_in("olivia")
    first = olivia.get(CHANGES, params={"action": "team.created"}).text
    assert shown(first, "team-59", "team-20", "team-19") == {"team-59", "team-20"}
    before = str(entries[20].sequence)
    assert f"?action=team.created&amp;before={before}" in first
    second = olivia.get(CHANGES, params={"action": "team.created", "before": before}).text
    assert shown(second, "team-20", "team-19", "team-0") == {"team-19", "team-0"}
    assert "Newest" in second
    assert "Older" not in second


def test_a_look_for_words_goes_back_piece_by_piece(
    signed_in: SignedIn, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(target="needle")
    newest = [write(target=f"hay-{number}") for number in range(30)][-1].sequence
    monkeypatch.setattr("audit.queries.SEARCHED_AT_ONCE", 10)
    olivia = signed_in("olivia")
    page = olivia.get(CHANGES, params={"text": "needle"}).text
    assert "Nothing lately fits the filter. Look further back." in page
    looks = 1
    while not shown(page, "needle"):
        before = newest + 1 - 10 * looks
        assert f"before={before}" in page
        page = olivia.get(CHANGES, params={"text": "needle", "before": str(before)}).text
        looks += 1
    assert looks == 4
    far = olivia.get(CHANGES, params={"text": "needle", "before": str(2**62)}).text
    assert f"before={newest + 1 - 10}" in far
    # A file goes all the way by itself.
    assert olivia.get(CSV, params={"text": "needle"}).text.count("needle") == 1


def test_one_change_has_an_address_of_its_own(signed_in: SignedIn, write: Write) -> None:
    entry = write(target="a-team", before={"can_push": False}, after={"can_push": True})
    path = f"{CHANGES}{entry.sequence}/"
    olivia, mel = signed_in("olivia"), signed_in("mel")
    assert f'href="{path}"' in mel.get(CHANGES).text
    for client, sees_address in ((olivia, True), (mel, False)):
        page = client.get(path).text
        assert "created the team" in page
        assert "May push" in page
        assert ("198.51.100.1" in page) == sees_address
    assert olivia.get(f"{CHANGES}999999/").status_code == 404


def test_no_organization_reads_anothers(
    signed_in: SignedIn, write: Write, globex: Organization
) -> None:
    entry = record(
        organization_id=globex.pk, actor="gus", address=None, action="team.created", target="secret"
    )
    olivia = signed_in("olivia")
    assert not shown(olivia.get(CHANGES, params={"text": "secret"}).text, "secret")
    assert "secret" not in olivia.get(f"{CHANGES}{entry.sequence}/").text
    assert "secret" not in olivia.get(CSV).text
    assert olivia.get("/orgs/globex/activity/changes.csv").status_code == 404


def test_what_only_owners_know_members_do_not_read_in_the_log(
    signed_in: SignedIn, write: Write
) -> None:
    hidden = [
        write(action="invitation.sent", target="paula@example.com"),
        write(action="organization_token.created", target="oat_1", after={"label": "CI"}),
        write(action="exception.requested", target="a-word-for-owners"),
    ]
    write(target="a-team")
    olivia, mel = signed_in("olivia"), signed_in("mel")
    for path in (CHANGES, "/orgs/acme/"):
        assert shown(olivia.get(path).text, "paula@example.com", "oat_1", "a-team") == {
            "paula@example.com",
            "oat_1",
            "a-team",
        }
        assert shown(mel.get(path).text, "paula@example.com", "oat_1", "a-team") == {"a-team"}
        assert "a-word-for-owners" not in mel.get(path).text
    assert "oat_1" not in mel.get(CHANGES, params={"text": "CI"}).text
    assert "Select a valid choice" in mel.get(
        CHANGES, params={"action": "organization_token.created"}
    ).text.replace("&#x27;", "'")
    for entry in hidden:
        assert mel.get(f"{CHANGES}{entry.sequence}/").status_code == 404
        assert olivia.get(f"{CHANGES}{entry.sequence}/").status_code == 200


def test_owners_download_what_the_filter_leaves(signed_in: SignedIn, write: Write) -> None:
    write(target="old-team", days=9)
    entry = write(target="=1+1", after={"can_push": True})
    olivia = signed_in("olivia")
    page = olivia.get(CHANGES, params={"action": "team.created", "before": "99"}).text
    assert f'href="{CSV}?action=team.created"' in page

    filters = {"action": "team.created", "since": day(entry)}
    answer = olivia.get(CSV, params=filters)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    name = f"acme-changes-{timezone.now():%Y-%m-%d}.csv"
    assert answer.headers["content-disposition"] == f'attachment; filename="{name}"'
    (row,) = csv.DictReader(io.StringIO(answer.text))
    assert row["target"] == "'=1+1"
    assert (row["actor"], row["address"]) == ("olivia", "198.51.100.1")
    assert json.loads(row["after"]) == {"can_push": True}
    assert datetime.fromisoformat(row["at"]) == entry.at

    answer = olivia.get(JSON, params=filters)
    assert answer.headers["content-type"] == "application/json"
    (same,) = answer.json()
    assert (same["target"], same["after"], same["number"]) == (
        "=1+1",
        {"can_push": True},
        entry.sequence,
    )


def test_a_file_has_an_end(
    signed_in: SignedIn, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(12):
        write(target=f"team-{number}")
    monkeypatch.setattr("home.activity_views.MOST_EXPORTED", 7)
    monkeypatch.setattr("audit.found.ROWS_AT_ONCE", 3)
    rows = signed_in("olivia").get(JSON).json()
    assert [row["target"] for row in rows] == [f"team-{number}" for number in range(11, 4, -1)]


def test_members_download_nothing(signed_in: SignedIn) -> None:
    mel = signed_in("mel")
    for path in (CSV, JSON, CSV.replace("changes", "pulls"), JSON.replace("changes", "pulls")):
        assert mel.get(path).status_code == 403
        assert path not in mel.get(CHANGES).text
        assert path not in mel.get("/orgs/acme/activity/pulls/").text

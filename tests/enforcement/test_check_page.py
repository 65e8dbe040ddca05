"""Checking a machine's file on a page: by whom, for whom, and what they learn (S2, S3)."""

import html
from collections.abc import Callable

import httpx
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audit.models import AuditEntry, PullLogEntry
from enforcement.allowed_orgs import MOST_BYTES
from orgs.actor import Actor
from orgs.member_operations import add_member
from orgs.models import Organization
from orgs.operations import change_profile, deactivate_user
from permissions.snapshots.memory import NotYetKnown
from tests.conftest import named_user, post

pytestmark = pytest.mark.django_db
STAFF = Actor.site_staff()
PAGE = "/orgs/acme/settings/enforce-sign-in/check/"
FILE = '{"allowedOrgs":["acme"]}'
SignedIn = Callable[[str], httpx.Client]


def main(answer: httpx.Response) -> str:
    """What the page's main part says, without markup."""
    return html.unescape(answer.text.partition("<main")[2].partition("</main>")[0])


def upload(client: httpx.Client, content: bytes, **fields: str) -> httpx.Response:
    page = client.get(PAGE).text
    token = page.partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0]
    return client.post(
        PAGE,
        data={"csrfmiddlewaretoken": token, **fields},
        files={"file": ("registry.json", content)},
    )


def test_s2_an_owner_asks_about_any_member(signed_in: SignedIn) -> None:
    olivia = signed_in("olivia")

    mel = post(olivia, PAGE, text=FILE, member="mel")
    assert mel.status_code == 200
    assert "May sign in" in main(mel)
    assert "Members of acme may sign in." in main(mel)
    assert "Nothing is wrong with the file." in main(mel)

    nina = main(post(olivia, PAGE, text=FILE, member="nina"))
    assert "May not sign in" in nina
    assert "Sign-in is only for members of acme. Ask one of its owners" in nina


def test_members_ask_about_themselves_alone(signed_in: SignedIn) -> None:
    mel = signed_in("mel")
    assert 'name="member"' not in mel.get(PAGE).text

    assert "May sign in" in main(post(mel, PAGE, text=FILE))
    globex = '{"allowedOrgs":["globex"]}'
    # Gus could, but who else is asked about makes no difference.
    assert "May not sign in" in main(post(mel, PAGE, text=globex, member="gus"))


def test_what_was_typed_is_kept(signed_in: SignedIn) -> None:
    answer = post(signed_in("olivia"), PAGE, text='{"allowedOrgs":["ACME"]}', member="mel")
    assert '{"allowedOrgs":["ACME"]}' in main(answer)
    assert 'value="mel"' in main(answer)
    assert 'Entry 1, "ACME", has upper-case letters. Write "acme".' in main(answer)
    assert "Nobody can sign in with this file." in main(answer)


@pytest.mark.parametrize(
    ("content", "finding"),
    [
        (b"", "The file is empty."),
        (b"\xef\xbb\xbf" + FILE.encode(), "begins with a byte order mark"),
        (FILE.encode("utf-16"), "is not UTF-8 but UTF-16"),
        (b'{"allowedOrgs":["acm\xe9"]}', "It is not UTF-8 from byte 21 on"),
        (b" " * (MOST_BYTES + 1), "larger than 64 KiB"),
        (b" " * 900_000, "larger than 64 KiB"),
        (b"\x00\xff" * 1000, "is not UTF-8"),
        (b'{"allowedOrgs":["<script>alert(1)</script>"]}', "is no organization's name"),
    ],
)
def test_s3_a_file_itself_shows_what_pasting_hides(
    signed_in: SignedIn, content: bytes, finding: str
) -> None:
    answer = upload(signed_in("mel"), content)
    assert answer.status_code == 200
    assert finding in main(answer)
    assert "May not sign in" in main(answer)
    assert "<script>alert" not in answer.text


def test_a_file_counts_more_than_what_is_pasted(signed_in: SignedIn) -> None:
    assert "May not sign in" in main(upload(signed_in("mel"), b"{}", text=FILE))


def test_without_a_file_there_is_nothing_to_check(signed_in: SignedIn) -> None:
    answer = post(signed_in("olivia"), PAGE, text="", member="")
    assert answer.status_code == 400
    assert "Paste what the file says, or choose the file." in main(answer)
    assert "This field is required." in main(answer)
    too_much = post(signed_in("olivia"), PAGE, text="x" * 1_100_000, member="mel")
    assert too_much.status_code == 413


def test_o0_nobody_learns_who_exists(signed_in: SignedIn) -> None:
    olivia = signed_in("olivia")
    answers = {
        main(post(olivia, PAGE, text=FILE, member=who)).replace(who, "").partition("<h2")[2]
        for who in ("nina", "stranger")
    }
    assert len(answers) == 1
    assert post(olivia, PAGE, text=FILE, member="x" * 1000).status_code == 400
    deactivate_user(STAFF, named_user("mel"))
    assert "May not sign in" in main(post(olivia, PAGE, text=FILE, member="mel"))


def test_s3_known_are_the_organizations_of_whoever_asks(
    signed_in: SignedIn, globex: Organization
) -> None:
    olivia, both = signed_in("olivia"), '{"allowedOrgs":["globex","acme"]}'
    stranger_to_globex = main(post(olivia, PAGE, text=both, member="mel"))
    assert 'is called "globex" at Docker Hub' in stranger_to_globex
    only_globex = '{"allowedOrgs":["globex"]}'
    assert "May not sign in" in main(post(olivia, PAGE, text=only_globex, member="gus"))

    add_member(STAFF, globex, named_user("olivia"))
    assert "Nothing is wrong" in main(post(olivia, PAGE, text=both, member="gus"))
    assert "May sign in" in main(post(olivia, PAGE, text=only_globex, member="gus"))


def test_s1_the_name_at_docker_hub_is_what_counts(signed_in: SignedIn, acme: Organization) -> None:
    change_profile(STAFF, acme, display_name="Acme", docker_organization="acme-industries")
    mel = signed_in("mel")
    assert "May not sign in" in main(post(mel, PAGE, text=FILE))
    renamed = '{"allowedOrgs":["acme-industries"]}'
    assert "May sign in" in main(post(mel, PAGE, text=renamed))
    near = '{"allowedOrgs":["acme-industry"]}'
    assert 'Did you mean "acme-industries"?' in main(post(mel, PAGE, text=near))


def test_asking_changes_nothing_and_costs_little(signed_in: SignedIn) -> None:
    mel = signed_in("mel")
    page = mel.get(PAGE).text
    token = page.partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0]
    logged = AuditEntry.objects.count()
    many = ",".join(f'"nowhere-{number}"' for number in range(1000))
    fields = {"csrfmiddlewaretoken": token, "text": f'{{"allowedOrgs":[{many}]}}'}

    with CaptureQueriesContext(
        connection,
    ) as queries:
        answer = mel.post(PAGE, data=fields)

    assert "And 980 more." in main(answer)
    sql = [query["sql"] for query in queries.captured_queries]
    assert not [one for one in sql if one.startswith(("INSERT", "UPDATE", "DELETE"))]
    assert len(sql) < 20
    assert (AuditEntry.objects.count(), PullLogEntry.objects.count()) == (logged, 0)


def test_enforce_sign_in_has_the_box_for_owners_and_the_way_to_it_for_members(
    signed_in: SignedIn,
) -> None:
    page = PAGE.removesuffix("check/")
    assert f'action="{PAGE}"' in signed_in("olivia").get(page).text
    members = signed_in("mel").get(page).text
    assert f'href="{PAGE}"' in members
    assert f'action="{PAGE}"' not in members


def test_p11_what_can_t_be_known_is_said_and_not_guessed(
    signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut_off(moment: object, kind: object, key: object) -> None:
        raise NotYetKnown("It can't be learned at the moment what has changed. Try again soon.")

    olivia = signed_in("olivia")
    monkeypatch.setattr("permissions.reading.StoredMoment.read", cut_off)
    for path, fields in {
        PAGE: {"text": FILE, "member": "mel"},
        "/orgs/acme/settings/permissions/preview/": {"enabled": "on"},
    }.items():
        answer = olivia.post(
            path, data=fields, headers={"X-CSRFToken": olivia.cookies["csrftoken"]}
        )
        assert answer.status_code == 503
        assert answer.headers["retry-after"] == "1"
        assert "Try again soon." in main(answer)

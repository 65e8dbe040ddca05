"""Finding out what happened, and what an organization still has to do."""

import csv
import io
import re
from pathlib import Path

import httpx
from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.served import DemoSite, SetPolicy


def test_an_owner_finds_a_change_sends_its_address_and_downloads_all(
    visit: Visit, set_policy: SetPolicy
) -> None:
    set_policy(enabled=True, official=False)
    olivia = visit("olivia")
    olivia.goto("/orgs/acme/")
    olivia.get_by_role("link", name="Activity", exact=True).click()
    search = olivia.get_by_role("search", name="Changes")
    search.get_by_label("By").fill("olivia")
    search.get_by_label("What").select_option("Changed Image Access Management")
    search.get_by_label("About").fill("allow_official_images")
    search.get_by_role("button", name="Filter").click()
    expect(search.get_by_label("About")).to_have_value("allow_official_images")
    entry = (
        olivia.get_by_role("main")
        .get_by_role("listitem")
        .filter(has_text="olivia changed Image Access Management")
    )
    expect(entry.first).to_contain_text("Official images: was Allowed → is Restricted")

    with olivia.expect_download() as started:
        olivia.get_by_role("link", name="CSV").click()
    text = Path(started.value.path()).read_text()
    assert re.fullmatch(r"acme-changes-\d{4}-\d\d-\d\d\.csv", started.value.suggested_filename)
    rows = list(csv.DictReader(io.StringIO(text)))
    assert {(row["actor"], row["action"]) for row in rows} == {("olivia", "image_access.changed")}

    entry.first.get_by_role("link", name=re.compile(r", change \d+$")).click()
    expect(olivia.get_by_role("heading", name=re.compile("^Change "))).to_be_visible()
    address = olivia.url
    row = olivia.get_by_role("row", name="Official images")
    expect(row.get_by_role("cell").last).to_have_text("Restricted")

    mel = visit("mel")
    mel.goto(address)
    expect(mel.get_by_text("changed Image Access Management")).to_be_visible()
    expect(mel.get_by_text("From where")).to_be_hidden()
    mel.get_by_role("main").get_by_role("link", name="Activity").click()
    expect(mel.get_by_role("search", name="Changes")).to_be_visible()
    expect(mel.get_by_role("link", name="CSV")).to_be_hidden()


def test_a_refused_pull_is_found_and_drawn(
    visit: Visit, site: DemoSite, set_policy: SetPolicy
) -> None:
    set_policy(enabled=True)
    answer = httpx.post(
        f"{site.url}/access/v1/evaluation",
        headers={"Authorization": f"Bearer {site.env['ACME_REGISTRY_TOKEN']}"},
        json={
            "subject": {"type": "user", "id": "mel"},
            "action": {"name": "pull"},
            "resource": {"type": "image", "id": "docker.io/randomdev/drawn"},
        },
    )
    assert answer.json()["decision"] is False
    olivia = visit("olivia")
    olivia.goto("/orgs/acme/activity/pulls/")
    search = olivia.get_by_role("search", name="Pulls")
    search.get_by_text("More to filter by").click()
    search.get_by_label("Because").select_option("Community images are restricted")
    search.get_by_label("Kind of image").select_option("Community image")
    search.get_by_role("button", name="Filter").click()
    pull = olivia.get_by_role("listitem").filter(has_text="docker.io/randomdev/drawn")
    expect(pull.first).to_contain_text("Refused")
    expect(search.get_by_label("Because")).to_be_visible()

    olivia.goto("/orgs/acme/")
    chart = olivia.get_by_role("region", name="Pulls of the last 14 days")
    expect(chart.get_by_role("img", name=re.compile(r"[1-9]\d* refused"))).to_be_visible()
    chart.get_by_text("As a table").click()
    expect(chart.get_by_role("row")).to_have_count(15)


def test_the_list_of_what_to_do_first_is_walked_and_put_away(visit: Visit) -> None:
    ivan = visit("ivan")
    ivan.goto("/orgs/initech/")
    expect(ivan.get_by_role("heading", name="What to do first")).to_be_visible()
    for step in ("Connect a registry", "Take a namespace", "Try the rules", "Enforce sign-in"):
        ivan.get_by_role("main").get_by_role("link", name=step).click()
        expect(ivan.get_by_role("navigation", name="Settings")).to_be_visible()
        ivan.go_back()
    ivan.get_by_role("button", name="Put this list away").click()
    expect(ivan.get_by_role("heading", name="Overview")).to_be_visible()
    expect(ivan.get_by_role("heading", name="What to do first")).to_be_hidden()

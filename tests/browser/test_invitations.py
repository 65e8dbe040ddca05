"""Owners invite; who is invited accepts, declines, or makes an account by the link."""

import re

import pytest
from playwright.sync_api import FilePayload, Page, expect

from tests.browser.conftest import Complaints, Visit
from tests.browser.steps import accessibility_violations
from tests.browser.test_members import open_members
from tests.served import DemoSite

# Makes somebody's link as the e-mail has it; that lies in no test's letter box.
LINK = """
from orgs.invitation_models import Invitation
from orgs.secrets import SecretKind, new_secret, secret_digest
from django_scopes import scopes_disabled
secret = new_secret(SecretKind.INVITATION)
with scopes_disabled():
    one = Invitation.objects.filter(email="{email}", state="waiting")
    one.update(digest=secret_digest(secret))
print("/invitations/" + secret + "/")
"""
PASSWORD = "correct horse battery"


def link_for(site: DemoSite, email: str) -> str:
    code = LINK.replace("{email}", email)
    return site.manage("shell", "--verbosity=0", "--command", code).strip()


def invite(owner: Page, *people: str, team: str = "") -> None:
    """Come to acme's invitations by its links, and invite."""
    open_members(owner)
    owner.get_by_role("link", name="Invite people").click()
    owner.get_by_label("E-mail addresses or user names").fill("\n".join(people))
    if team:
        owner.get_by_role("checkbox", name=team).check()
    owner.get_by_role("button", name="Preview").click()
    expect(owner.get_by_role("heading", name="Preview")).to_be_visible()
    owner.get_by_role("button", name=re.compile("^Send")).click()
    expect(owner.get_by_role("heading", name="Invitations", level=1)).to_be_visible()


def test_many_are_previewed_before_they_are_invited(visit: Visit, complaints: Complaints) -> None:
    complaints.expect_status(400)  # where there is nobody to invite
    olivia = visit("olivia")
    open_members(olivia)
    olivia.get_by_role("link", name="Invite people").click()
    olivia.get_by_role("button", name="Preview").click()
    expect(olivia.get_by_text("Give at least one e-mail address or user name.")).to_be_visible()
    file = FilePayload(
        name="people.csv", mimeType="text/csv", buffer=b"Email\nyan@example.com\nmel\n"
    )
    olivia.get_by_label("E-mail addresses or user names").fill("xia@example.com, nobody, a b")
    olivia.get_by_label("Or a CSV file").set_input_files(file)
    olivia.get_by_role("button", name="Preview").click()
    expect(olivia.get_by_role("status")).to_have_text("2 of 5 can be invited")
    for who, becomes in (
        ("xia@example.com", "Will be invited"),
        ("nobody", "No user of this name"),
        ("a b", "Neither an e-mail address nor a user name"),
        ("yan@example.com", "Will be invited"),
        ("mel", "Already a member"),
    ):
        row = olivia.get_by_role("row").filter(has=olivia.get_by_role("rowheader", name=who))
        expect(row).to_contain_text(becomes)
    assert accessibility_violations(olivia) == []
    olivia.get_by_role("button", name="Send 2 invitations").click()
    expect(olivia.get_by_role("status")).to_contain_text("2 invitations sent. 3 left out.")

    olivia.get_by_text("Revoke… xia@example.com").click()
    olivia.get_by_role("button", name="Revoke xia@example.com").click()
    expect(olivia.get_by_role("status")).to_contain_text("xia@example.com is revoked")
    olivia.get_by_role("button", name="Send again to yan@example.com").click()
    expect(olivia.get_by_role("alert")).to_contain_text("within the last hour")
    assert accessibility_violations(olivia) == []
    olivia.get_by_role("navigation", name="Invitations").get_by_role("link", name="Past").click()
    expect(olivia.get_by_role("listitem").filter(has_text="xia@example.com")).to_contain_text(
        "Revoked"
    )


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_a_newcomer_makes_an_account_by_the_link(
    visit: Visit, complaints: Complaints, site: DemoSite, script: bool
) -> None:
    complaints.expect_status(404)  # for the link that is used up
    name = "zoe" if script else "zac"
    olivia = visit("olivia")
    invite(olivia, f"{name}@example.com", team="builders")
    path = link_for(site, f"{name}@example.com")

    ivan = visit("ivan")
    ivan.goto(path)
    expect(
        ivan.get_by_text("You are signed in as ivan, but this invitation is for")
    ).to_be_visible()
    assert accessibility_violations(ivan) == []

    zoe = visit(java_script_enabled=script)
    zoe.goto(path)
    expect(zoe.get_by_role("heading", name="You are invited to Acme Corporation")).to_be_visible()
    zoe.get_by_role("button", name="Make an account").click()
    expect(zoe.get_by_label("E-mail address")).to_have_value(f"{name}@example.com")
    expect(zoe.get_by_label("E-mail address")).to_be_disabled()
    zoe.get_by_label("User name").fill(name)
    zoe.get_by_label("Password", exact=True).fill(PASSWORD)
    zoe.get_by_label("Password, once more").fill(PASSWORD)
    zoe.get_by_role("button", name="Make account and join").click()
    expect(zoe.get_by_text("You are a member of acme now.")).to_be_visible()
    zoe.goto(f"/orgs/acme/members/{name}/")
    expect(zoe.get_by_role("link", name="builders")).to_be_visible()
    zoe.goto(path)
    expect(zoe.get_by_role("heading", name="This invitation is no longer good")).to_be_visible()
    site.manage("remove_member", "acme", name)


def test_a_user_accepts_on_the_start_page_and_another_declines(
    visit: Visit, site: DemoSite
) -> None:
    olivia = visit("olivia")
    invite(olivia, "nina", "ivan")
    nina = visit("nina")
    nina.goto("/")
    invited = nina.get_by_role("listitem").filter(has_text="Acme Corporation")
    expect(invited).to_contain_text("You become a member of acme.")
    assert accessibility_violations(nina) == []
    nina.get_by_role("button", name="Accept the invitation to acme").click()
    expect(nina.get_by_role("status")).to_contain_text("You are a member of acme now.")
    expect(nina.get_by_role("heading", name="Overview", level=1)).to_be_visible()

    ivan = visit("ivan")
    ivan.goto("/account/settings/invitations/")
    assert accessibility_violations(ivan) == []
    ivan.get_by_role("button", name="Decline the invitation to acme").click()
    expect(ivan.get_by_role("status")).to_contain_text("You have declined to join acme.")

    olivia.goto("/orgs/acme/invitations/?show=past")
    for name, state in (("nina", "Accepted"), ("ivan", "Declined")):
        item = olivia.get_by_role("listitem").filter(
            has=olivia.get_by_role("heading", name=name, exact=True)
        )
        expect(item).to_contain_text(state)
    site.manage("remove_member", "acme", "nina")

"""Checking a machine's file, as owners and members do it."""

from pathlib import Path

from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.steps import ENFORCE_SIGN_IN

FILE = '{"allowedOrgs":["acme"]}'


def test_s2_s3_olivia_asks_what_a_file_does_to_mel(visit: Visit) -> None:
    olivia = visit("olivia")
    olivia.goto(ENFORCE_SIGN_IN)
    box = olivia.get_by_role("region", name="Check a file")

    box.get_by_label("What the file says").fill('{"allowedOrgs":["Acme"]}')
    box.get_by_label("Member").fill("mel")
    box.get_by_role("button", name="Check").click()
    answer = olivia.get_by_role("region", name="mel, with this file")
    expect(answer).to_contain_text("May not sign in")
    expect(answer).to_contain_text('"Acme", has upper-case letters. Write "acme".')

    # What was typed is still there to be corrected.
    olivia.get_by_label("What the file says").fill(FILE)
    olivia.get_by_role("button", name="Check").click()
    expect(answer).to_contain_text("Members of acme may sign in.")
    expect(answer).to_contain_text("Nothing is wrong with the file.")


def test_s3_mel_has_the_file_of_her_machine_looked_at(visit: Visit, tmp_path: Path) -> None:
    mel = visit("mel")
    mel.goto(ENFORCE_SIGN_IN)
    mel.get_by_role("link", name="Check whether you can sign in").click()

    file = tmp_path / "registry.json"
    file.write_bytes(FILE.encode("utf-16"))
    mel.get_by_label("Or the file itself").set_input_files(file)
    mel.get_by_role("button", name="Check").click()
    answer = mel.get_by_role("region", name="You, with this file")
    expect(answer).to_contain_text("is not UTF-8 but UTF-16")

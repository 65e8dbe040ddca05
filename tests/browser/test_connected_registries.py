"""An owner connects a registry, sets it up, tries it, gives it a namespace, and lets it go."""

import re
from pathlib import Path

import httpx
import yaml
from playwright.sync_api import Page, expect

from tests import services
from tests.browser.conftest import Complaints, Visit
from tests.browser.steps import accessibility_violations, open_settings
from tests.served import DemoSite, required


def fill(page: Page, **fields: str) -> None:
    for label, text in fields.items():
        page.get_by_label(label.replace("_", " ").capitalize(), exact=True).fill(text)


def test_an_owner_connects_a_registry_and_sees_it_ask(
    visit: Visit, site: DemoSite, tmp_path: Path
) -> None:
    port = services.free_port()
    olivia = visit("olivia")
    open_settings(olivia, "Connected registries")
    fill(olivia, service_name="images", host=f"localhost:{port}")
    olivia.get_by_role("button", name="Connect").click()
    expect(olivia.get_by_role("status")).to_contain_text("hubadmin_reg_")
    assert accessibility_violations(olivia) == []

    # The registry runs with the very text that the page gives to copy.
    text = olivia.locator("#distribution pre").nth(1).inner_text()
    auth = yaml.safe_load(text)["auth"]["token"]
    olivia.get_by_role("link", name="Test it").click()
    fill(olivia, user_name="mel", image=f"localhost:{port}/elsewhere/app")
    olivia.get_by_role("button", name="Test").click()
    expect(olivia.get_by_role("region", name="The answer")).to_contain_text("Allowed")
    look = olivia.get_by_role("region", name="What the registry says itself")
    expect(look).to_contain_text("nothing listens there")

    bundle = tmp_path / "ca.pem"
    bundle.write_bytes(_certificate(site))
    auth = services.TokenAuth(**{**auth, "rootcertbundle": str(bundle)})
    with required(), services.registry(tmp_path / "storage", auth=auth, port=port):
        olivia.get_by_role("button", name="Test").click()
        expect(look).to_contain_text("Asks Hubadmin")
        expect(look).to_contain_text(f"GET http://localhost:{port}/v2/")
    assert accessibility_violations(olivia) == []


def test_an_owner_gives_a_namespace_and_asks_for_another(
    visit: Visit, complaints: Complaints
) -> None:
    complaints.expect_status(400)  # where the name is not typed right
    olivia = visit("olivia")
    open_settings(olivia, "Connected registries")
    fill(olivia, service_name="warehouse", host="warehouse.example")
    olivia.get_by_role("button", name="Connect").click()

    olivia.get_by_role("navigation", name="Settings").get_by_role("link", name="Namespaces").click()
    olivia.get_by_label("On", exact=True).select_option("warehouse")
    fill(olivia, namespace="tools")
    olivia.get_by_role("button", name="Ask for it, or take it").click()
    expect(olivia.get_by_role("status")).to_contain_text("warehouse.example/tools belongs to acme")

    fill(olivia, namespace="acme-tools", for_site_staff="We push there.")
    olivia.get_by_role("button", name="Ask for it, or take it").click()
    expect(olivia.get_by_role("status")).to_contain_text("Site staff have your request")
    assert accessibility_violations(olivia) == []
    olivia.get_by_text(re.compile("^Withdraw…")).click()
    olivia.get_by_role("button", name="Withdraw").click()
    expect(olivia.get_by_role("status")).to_contain_text("is withdrawn")

    olivia.get_by_role("link", name="Release… warehouse.example/tools").click()
    fill(olivia, type_its_name_to_confirm="tools")
    olivia.get_by_role("button", name="Release").click()
    expect(olivia.get_by_text("exactly as it is written here")).to_be_visible()
    assert accessibility_violations(olivia) == []
    fill(olivia, type_its_name_to_confirm="warehouse.example/tools")
    olivia.get_by_role("button", name="Release").click()
    expect(olivia.get_by_role("status")).to_contain_text("is released")

    open_settings(olivia, "Connected registries")
    olivia.get_by_role("link", name=re.compile("warehouse")).click()
    olivia.get_by_text("Disconnect warehouse…", exact=True).click()
    fill(olivia, type_its_service_name_to_confirm="warehouse")
    olivia.get_by_role("button", name="Disconnect").click()
    expect(olivia.get_by_role("status")).to_contain_text("warehouse is disconnected")
    expect(olivia.get_by_role("link", name=re.compile("warehouse"))).to_have_count(0)


def _certificate(site: DemoSite) -> bytes:

    return httpx.get(f"{site.url}/auth/ca.pem").raise_for_status().content

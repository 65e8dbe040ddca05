"""The recipe for curl in the documentation, run as it stands there."""

import os
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from orgs.secrets import SecretKind, new_secret
from tests.served import DemoSite
from tests.services.process import run_to_end
from tests.services.site import CHECKOUT

PAGE = CHECKOUT / "docs" / "administrators" / "fleet.md"
FILE = "registry.json"


@pytest.fixture
def recipe(site: DemoSite, tmp_path: Path) -> str:
    """The recipe, with this site's address and places below a scratch folder."""
    text = PAGE.read_text().partition("\n## curl\n")[2].partition("```sh\n")[2].partition("```")[0]
    certificate = httpx.get(f"{site.url}/auth/ca.pem").raise_for_status().content
    (tmp_path / "ca.pem").write_bytes(certificate)
    for written, here in {
        "https://hubadmin.example.com": site.url,
        "/usr/share/docker-desktop/registry": str(tmp_path / "place"),
        "/etc/hubadmin-ca.pem": str(tmp_path / "ca.pem"),
    }.items():
        assert written in text
        text = text.replace(written, here)
    return text


@pytest.fixture
def token(site: DemoSite) -> str:
    manage = [sys.executable, str(CHECKOUT / "manage.py"), "create_organization_token"]
    printed = run_to_end([*manage, "acme", "Fleet tool"], env=site.environment)
    return next(line for line in printed.splitlines() if line.startswith("hubadmin_oat_"))


def run(recipe: str, token: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", "-c", recipe],
        env=os.environ | {"TOKEN": token},
        capture_output=True,
        text=True,
        check=False,
    )


def test_it_puts_the_verified_file_into_its_place(recipe: str, token: str, tmp_path: Path) -> None:
    done = run(recipe, token)
    assert done.returncode == 0, done.stderr
    file = tmp_path / "place" / FILE
    assert file.read_bytes() == b'{"allowedOrgs":["acme"]}'
    assert file.stat().st_mode & 0o777 == 0o644


def test_it_leaves_the_place_alone_when_anything_is_wrong(
    recipe: str, token: str, tmp_path: Path
) -> None:
    assert run(recipe, new_secret(SecretKind.ORGANIZATION)).returncode != 0
    changed = recipe.replace("sha256sum", f"printf ' ' >> {FILE}; sha256sum")
    assert run(changed, token).returncode != 0
    unhashed = recipe.replace("sha256sum", f"printf ' ' >> {FILE}; : sha256sum")
    refused = run(unhashed, token)
    assert refused.returncode != 0
    assert "Verification failure" in refused.stderr
    assert not (tmp_path / "place").exists()

"""C3 on the real site: decisions go on while the catalogue is replaced, from one or the other."""

import subprocess
import sys
from pathlib import Path
from threading import Event, Thread

import httpx

from tests.permissions.catalog_feeds import QUAY_TOOLS, document
from tests.served import DemoSite, SetPolicy
from tests.services.site import CHECKOUT

STAYS, COMES = "docker.io/grafana/loki", "docker.io/quay-tools/tool"


def manage(site: DemoSite, *arguments: str, **environment: str) -> str:
    command = [sys.executable, str(CHECKOUT / "manage.py"), *arguments]
    result = subprocess.run(
        command, env=site.environment | environment, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


def rule(site: DemoSite, image: str) -> str:
    answer = httpx.post(
        f"{site.url}/access/v1/evaluation",
        headers={"Authorization": f"Bearer {site.env['ACME_REGISTRY_TOKEN']}"},
        json={
            "subject": {"type": "user", "id": "mel"},
            "action": {"name": "pull"},
            "resource": {"type": "image", "id": image},
        },
    )
    text: str = answer.raise_for_status().json()["context"]["rule"]
    return text


def test_decisions_go_on_while_the_catalogue_is_replaced(
    site: DemoSite, set_policy: SetPolicy, tmp_path: Path
) -> None:
    set_policy(enabled=True)
    feed = tmp_path / "feed.json"
    feed.write_bytes(document(QUAY_TOOLS))
    seen: list[str] = []
    enough = Event()

    def ask() -> None:
        while not enough.is_set():
            seen.append(rule(site, STAYS))

    asking = Thread(target=ask)
    asking.start()
    try:
        assert rule(site, COMES) == "community_restricted"
        said = manage(site, "sync_catalog", HUBADMIN_CATALOG_URL=feed.as_uri())
        assert "1 added, 0 removed, 0 changed" in said
        assert rule(site, COMES) == "verified_publisher_allowed"
    finally:
        enough.set()
        asking.join()
        manage(site, "load_catalog", "--starter")
    assert rule(site, COMES) == "community_restricted"
    assert len(seen) > 10
    assert set(seen) == {"verified_publisher_allowed"}

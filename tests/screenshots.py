"""Pictures of every page: `script/screenshots`, or only those of paths that hold a word.

Draws all at two widths in both themes, of a site where much has happened, into
var/screenshots/<theme>-<width>/. With `--guides` alone, the pictures of README and docs instead.
"""

import json
import os
import re
import sys
import tempfile
from collections.abc import Sequence
from functools import partial
from itertools import product
from pathlib import Path

from playwright.sync_api import Browser, Page, StorageState, sync_playwright

from tests import services
from tests.browser.conftest import FLAGS
from tests.browser.pages import PAGES
from tests.browser.steps import sign_in
from tests.guide_pictures import draw_guides
from tests.served import load_demo, read_env
from tests.services.identity import configured
from tests.services.postgresql import create_database
from tests.services.process import program

PICTURES = Path(__file__).parents[1] / "var" / "screenshots"
WIDTHS = (1280, 375)
THEMES = ("light", "dark")
FILL = "from tests.interesting import fill; fill('acme')"


def main(words: Sequence[str]) -> None:
    env_file = Path(tempfile.mkdtemp()) / "demo.env"

    def prepare(site: services.Site) -> None:
        load_demo(site, env_file, {"acme": 5000, "hub": 5001})
        if words != ["--guides"]:
            site.manage("shell", "--verbosity=0", "--command", FILL)

    with (
        services.site(
            database_url=create_database(os.environ["DATABASE_URL"], "screenshots"),
            redis_url=os.environ["REDIS_URL"],
            prepare=prepare,
            settings={"HUBADMIN_OIDC": json.dumps([configured("http://localhost:9")])},
        ) as site,
        sync_playwright() as playwright,
    ):
        chromium = program("chromium", package="chromium")
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        env = read_env(env_file)
        password = env["DEMO_PASSWORD"]
        if words == ["--guides"]:
            session_of = partial(_signed_in, browser, site.url, password)
            draw_guides(browser, site.url, session_of, env["ACME_REGISTRY_TOKEN"])
            return
        for person, paths in PAGES.items():
            wanted = [path for path in paths if not words or any(word in path for word in words)]
            if wanted:
                session = _signed_in(browser, site.url, password, person) if person else None
                _draw(browser, site.url, person, session, wanted)
        browser.close()


def _signed_in(browser: Browser, url: str, password: str, person: str) -> StorageState:
    page = browser.new_context(base_url=url).new_page()
    page.goto("/accounts/login/")
    sign_in(page, person, password)
    page.wait_for_url(re.compile("/$"))
    return page.context.storage_state()


def _draw(
    browser: Browser, url: str, person: str, session: StorageState | None, paths: Sequence[str]
) -> None:
    for theme, width in product(THEMES, WIDTHS):
        folder = PICTURES / f"{theme}-{width}"
        folder.mkdir(parents=True, exist_ok=True)
        context = browser.new_context(
            base_url=url,
            storage_state=session,
            color_scheme=theme,  # type: ignore[arg-type]  # one of its words
            viewport={"width": width, "height": 800},
        )
        page = context.new_page()
        for path in paths:
            _draw_one(page, path, folder / f"{_name(person, path)}.png")
        context.close()


def _draw_one(page: Page, path: str, picture: Path) -> None:
    page.goto(path)
    page.screenshot(path=picture, full_page=True, animations="disabled")
    if page.evaluate("document.scrollingElement.scrollWidth > innerWidth"):
        sys.stdout.write(f"{picture}: scrolls sideways\n")


def _name(person: str, path: str) -> str:
    page = re.sub(r"[^\w-]+", "-", path).strip("-") or "home"
    return f"{person or 'anybody'}-{page}"


if __name__ == "__main__":
    main(sys.argv[1:])

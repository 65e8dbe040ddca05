"""The pictures in README and docs, drawn anew: `script/screenshots --guides`."""

import base64
import time
from collections.abc import Callable
from pathlib import Path

import httpx
from playwright.sync_api import Browser, Page, StorageState

from tests.browser.steps import save

FOLDER = Path(__file__).parents[1] / "docs" / "images"
PERMISSIONS = "/orgs/acme/settings/permissions/"
WIDTH = 1100
LOGGED_WITHIN = 5  # seconds
THEMES = {"light": "", "dark": "-dark"}
# Much smaller than PNG, and browsers can make it; a page of a guide has to stay light.
TO_WEBP = """async png => {
    const picture = await createImageBitmap(await (await fetch(png)).blob());
    const canvas = new OffscreenCanvas(800, Math.round(picture.height * 800 / picture.width));
    const context = canvas.getContext("2d");
    context.imageSmoothingQuality = "high";
    context.drawImage(picture, 0, 0, canvas.width, canvas.height);
    const webp = await canvas.convertToBlob({type: "image/webp", quality: 0.32});
    const bytes = new Uint8Array(await webp.arrayBuffer());
    return btoa(Array.from(bytes, byte => String.fromCharCode(byte)).join(""));
}"""


def draw_guides(
    browser: Browser, url: str, session_of: Callable[[str], StorageState], credential: str
) -> None:
    """Draw all in the light theme, and in the dark one under a name that says so."""
    windows = {
        (person, theme): _window(browser, url, session_of(person), theme)
        for person in ("olivia", "mel")
        for theme in THEMES
    }
    for theme, suffix in THEMES.items():
        page = windows["olivia", theme]
        page.goto(PERMISSIONS)
        _keep_impact(page, f"impact{suffix}")
    save(page)
    _be_refused(url, credential)
    for theme, suffix in THEMES.items():
        olivia, mel = windows["olivia", theme], windows["mel", theme]
        olivia.goto(PERMISSIONS)
        _keep(olivia, f"org-permissions{suffix}", 860)
        mel.goto(PERMISSIONS)
        _keep(mel, f"org-permissions-member{suffix}", 800)
        mel.goto("/orgs/acme/activity/pulls/?answer=refused")
        mel.get_by_role("link", name="Why").first.click()
        _keep(mel, f"refused-pull{suffix}", 760)


def _be_refused(url: str, credential: str) -> None:
    """Let acme's registry ask for Mel about an image that nobody vouches for, and log it."""
    question = {
        "subject": {"type": "user", "id": "mel"},
        "action": {"name": "pull"},
        "resource": {"type": "image", "id": "docker.io/randomdev/tool:1.2"},
    }
    headers = {"Authorization": f"Bearer {credential}", "User-Agent": "docker/28.5.1"}
    answer = httpx.post(f"{url}/access/v1/evaluation", json=question, headers=headers)
    assert answer.json()["decision"] is False
    time.sleep(LOGGED_WITHIN)


def _window(browser: Browser, url: str, session: StorageState, theme: str) -> Page:
    return browser.new_context(
        base_url=url,
        storage_state=session,
        color_scheme=theme,  # type: ignore[arg-type]  # one of its words
        viewport={"width": WIDTH, "height": 800},
    ).new_page()


def _keep(page: Page, name: str, height: int) -> None:
    page.set_viewport_size({"width": WIDTH, "height": height})
    _write(page, name, page.screenshot(animations="disabled"))


def _keep_impact(page: Page, name: str) -> None:
    """What a restriction would do, as an owner sees it who moves a switch."""
    enabled = page.get_by_role("switch", name="Image Access Management")
    if not enabled.is_checked():
        enabled.click()
    preview = page.get_by_role("region", name="Before you save")
    preview.get_by_role("table").first.wait_for()
    _write(page, name, preview.screenshot(animations="disabled"))


def _write(page: Page, name: str, png: bytes) -> None:
    blank = page.context.new_page()
    data = f"data:image/png;base64,{base64.b64encode(png).decode()}"
    webp = base64.b64decode(blank.evaluate(TO_WEBP, data))
    (FOLDER / f"{name}.webp").write_bytes(webp)

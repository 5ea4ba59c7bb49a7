"""The page in a real browser: upload, watch, slide, zoom, cancel, gallery, keyboard, phone, dark, without JavaScript.

Needs a Chromium (``RELUME_CHROMIUM``, else /usr/bin/chromium) and the Python package playwright.
"""

from __future__ import annotations

import contextlib
import io
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from conftest_web import make, picture
from PIL import Image

from relume.web import eye
from relume.web.serving import Workers
from relume.web.settings import Settings

playwright = pytest.importorskip("playwright.sync_api", reason="browser tests need playwright: pip install playwright")
CHROMIUM = Path(os.environ.get("RELUME_CHROMIUM", "/usr/bin/chromium"))
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        not CHROMIUM.exists(), reason=f"browser tests need {CHROMIUM}: install it or set RELUME_CHROMIUM"
    ),
]
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
AXE = Path(__file__).parent / "vendor" / "axe-core-4.14.1.min.js"
SECONDS = 180_000


@pytest.fixture(scope="module")
def address(tmp_path_factory) -> Iterator[str]:
    """A page with one real worker."""
    import waitress

    store = tmp_path_factory.mktemp("browser") / "store"
    settings = Settings(store=store, rate="10000 per minute", hosts="127.0.0.1")
    server = waitress.create_server(make(settings), host="127.0.0.1", port=0, threads=8)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    with Workers(settings, 1):
        yield f"http://127.0.0.1:{server.effective_port}"
    server.close()


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture
def visit(browser, address):
    """Open a new visitor's page; afterwards, nothing may have been asked of another machine or been refused."""
    contexts, trouble = [], []

    def open_page(**more):
        context = browser.new_context(base_url=address, viewport={"width": 1200, "height": 800}, **more)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(SECONDS)
        page.on("pageerror", lambda error: trouble.append(str(error)))
        page.on("console", lambda line: trouble.append(line.text) if line.type == "error" else None)
        page.on("request", lambda r: None if r.url.startswith((address, "blob:", "data:")) else trouble.append(r.url))
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert trouble == []


@pytest.fixture
def photo(tmp_path) -> Path:
    path = tmp_path / "photo.png"
    path.write_bytes(picture(160, 120))
    return path


def choose(page, *files: Path, scale: int = 2) -> None:
    page.goto("/")
    page.set_input_files("#image", [str(file) for file in files])
    page.locator(".picked .tags li").first.wait_for()
    page.get_by_text("More settings").click()
    page.select_option("select[name=model]", "bicubic")
    page.get_by_role("radio", name=f"{scale} times").check(force=True)


def restored(page, photo: Path) -> None:
    choose(page, photo)
    page.get_by_role("button", name="Upload and Restore").click()
    page.wait_for_url("**/pictures/*")
    page.locator("[data-status=done]").wait_for()


def until(page, expression: str) -> None:
    """Wait for an expression to be true; the page's policy forbids the eval that the driver's own way needs."""
    end = time.monotonic() + SECONDS / 1000
    while True:
        with contextlib.suppress(playwright.Error):  # the page was loaded anew at this moment
            if page.evaluate(expression):
                return
        assert time.monotonic() < end, expression
        page.wait_for_timeout(50)


def serious(page) -> list[str]:
    """What axe-core finds wrong and calls serious or critical, by the rules of WCAG 2.2 AA."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    found = page.evaluate("tags => axe.run(document, {runOnly: tags})", tags)["violations"]
    return [f"{v['id']}: {v['nodes'][0]['html']}" for v in found if v["impact"] in ("serious", "critical")]


def test_choose_upload_watch_compare_zoom(visit, photo: Path) -> None:
    page = visit()
    page.goto("/")
    assert not page.get_by_role("button", name="Upload and Restore").is_visible()
    choose(page, photo)
    assert "160 × 120" in page.inner_text("#picked") and "320 × 240" in page.inner_text("form")
    page.get_by_role("button", name="Upload and Restore").click()
    page.wait_for_url("**/pictures/*")
    page.locator("[data-status=done]").wait_for()

    slider = page.get_by_role("slider")
    slider.focus()
    page.keyboard.press("Home")
    assert slider.get_attribute("aria-valuenow") == "0"
    page.keyboard.down("ArrowRight")
    until(page, "document.querySelector('img-comparison-slider').value > 5")
    page.keyboard.up("ArrowRight")
    box = slider.bounding_box()
    page.mouse.click(box["x"] + box["width"] * 0.75, box["y"] + 20)
    until(page, "Math.abs(document.querySelector('img-comparison-slider').value - 75) < 2")

    page.get_by_role("tab", name="Zoom").click()
    viewers = "document.getElementById('zoom').viewers"
    until(page, f"{viewers} && {viewers}.every(v => v.world.getItemCount() && v.world.getItemAt(0).getFullyLoaded())")
    page.get_by_role("button", name="Closer").click()
    zoomed = f"{viewers}.map(v => v.viewport.getZoom(false))"
    until(page, f"(z => Math.abs(z[0] - z[1]) < 1e-6 && z[1] > 1.3 * {viewers}[1].viewport.getHomeZoom())({zoomed})")

    page.get_by_role("tab", name="Agreement").click()
    heat = page.get_by_alt_text("Map of where")
    heat.wait_for()
    until(page, "document.querySelector('#heat img').naturalWidth > 0")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the result").click()
    assert download.value.suggested_filename == "photo_x2.png"


def test_it_is_watched_as_it_happens(visit, tmp_path: Path) -> None:
    path = tmp_path / "large.jpg"
    path.write_bytes(picture(1300, 1000, "JPEG"))
    page = visit()
    seen: list[str] = []
    page.on("response", lambda answer: seen.append(answer.url.split("?")[0].rsplit("/", 1)[1]) if answer.ok else None)
    choose(page, path, scale=4)
    page.get_by_role("button", name="Upload and Restore").click()
    page.wait_for_url("**/pictures/*")
    until(page, "document.getElementById('bar')?.position > 0 || document.querySelector('[data-status=done]')")
    page.locator("[data-status=done]").wait_for()
    assert {"before.jpg", "detail-2.jpg", "detail-3.jpg", "detail-4.jpg", "live.jpg"} <= set(seen)


def test_cancel(visit, tmp_path: Path) -> None:
    path = tmp_path / "large.png"
    path.write_bytes(picture(1600, 1200))
    page = visit()
    choose(page, path, scale=4)
    page.get_by_role("button", name="Upload and Restore").click()
    page.wait_for_url("**/pictures/*")
    page.get_by_role("button", name="Cancel").click()
    page.get_by_role("heading", name="Cancelled").wait_for()


def test_two_visitors_cannot_see_each_other(visit, photo: Path) -> None:
    one, other = visit(), visit()
    restored(one, photo)
    answer = other.request.get(one.url)
    assert answer.status == 404
    other.goto("/gallery")
    assert "Nothing here yet" in other.inner_text("main")
    one.goto("/gallery")
    assert one.locator(".grid li").count() == 1


def test_several_by_drop_and_paste_then_gallery_and_search(visit, tmp_path: Path) -> None:
    page = visit()
    page.goto("/")
    drop = """async (names) => {
      const transfer = new DataTransfer();
      const canvas = document.createElement('canvas');
      canvas.width = canvas.height = 40;
      const blob = await new Promise(done => canvas.toBlob(done));
      for (const name of names) transfer.items.add(new File([blob], name, {type: 'image/png'}));
      return transfer;
    }"""
    transfer = page.evaluate_handle(drop, ["harbour.png", "garden.png"])
    page.dispatch_event("#drop", "drop", {"dataTransfer": transfer})
    pasted = page.evaluate_handle(drop, ["pasted.png"])
    page.evaluate("t => document.dispatchEvent(new ClipboardEvent('paste', {clipboardData: t}))", pasted)
    page.locator("#picked li").nth(2).wait_for()
    page.get_by_role("button", name="Remove pasted.png").click()
    page.get_by_text("More settings").click()
    page.select_option("select[name=model]", "bicubic")
    page.get_by_role("button", name="Upload and Restore 2 pictures").click()
    page.wait_for_url("**/gallery")
    until(page, "document.querySelectorAll('.grid img').length === 2 && !document.querySelector('.state')")
    page.get_by_role("searchbox").fill("harb")
    page.keyboard.press("Enter")
    page.wait_for_url("**q=harb")
    assert page.locator(".grid li").count() == 1
    page.locator(".grid a").click()
    page.get_by_text("Delete it").click()
    page.get_by_role("button", name="Delete both pictures").click()
    page.wait_for_url("**/gallery")
    assert "harbour.png has been deleted" in page.inner_text("main") and page.locator(".grid li").count() == 1


def test_by_keyboard_alone(visit, photo: Path) -> None:
    page = visit()
    page.goto("/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    for _ in range(12):
        if page.evaluate("document.activeElement.id") == "image":
            break
        page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "image"
    chosen = []
    page.on("filechooser", lambda chooser: chosen.append(chooser))
    for _ in range(20):  # a browser that is still starting drops a key now and then
        page.keyboard.press("Space")
        page.wait_for_timeout(500)
        if chosen:
            break
    chosen[0].set_files(str(photo))
    page.locator(".picked .tags li").first.wait_for()
    for _ in range(12):
        if page.evaluate("document.activeElement.name") == "scale":
            break
        page.keyboard.press("Tab")
    page.keyboard.press("ArrowLeft")
    for _ in range(12):
        if page.evaluate("document.activeElement.id") == "go":
            break
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/pictures/*")
    page.locator("[data-status=done]").wait_for()
    assert "480 × 360" in page.inner_text("main")


def test_refusals_are_told_where_they_happen(visit, tmp_path: Path) -> None:
    path = tmp_path / "letter.png"
    path.write_bytes(b"this is a letter")
    context = visit().context
    page = context.new_page()
    page.goto("/")
    page.set_input_files("#image", str(path))
    page.get_by_role("button", name="Upload and Restore").click()
    page.get_by_role("alert").wait_for()
    assert (
        "no picture" in page.inner_text("#trouble")
        and page.get_by_role("button", name="Upload and Restore").is_enabled()
    )


@pytest.mark.parametrize("scheme", ["light", pytest.param("dark", marks=pytest.mark.slow)])
def test_axe_finds_nothing_serious(visit, photo: Path, tmp_path: Path, scheme: str) -> None:
    page = visit(color_scheme=scheme, bypass_csp=True, reduced_motion="reduce")
    page.goto("/")
    assert serious(page) == []
    choose(page, photo)
    assert serious(page) == []
    page.get_by_role("button", name="Upload and Restore").click()
    page.locator("[data-status=done]").wait_for()
    page.get_by_text("Restore it again").click()
    page.get_by_text("Share it").click()
    page.wait_for_timeout(200)
    assert serious(page) == []
    broken = tmp_path / "broken.png"
    broken.write_bytes(picture(300, 300)[:2000])
    choose(page, broken)
    page.get_by_role("button", name="Upload and Restore").click()
    page.locator("[data-status=failed]").wait_for()
    assert serious(page) == []
    for place in ("/gallery", "/gallery?q=nothing+like+it", "/api"):
        page.goto(place)
        assert serious(page) == [], place


def test_on_a_phone_nothing_is_cut_off_and_targets_are_large(visit, photo: Path) -> None:
    page = visit(is_mobile=True, has_touch=True, color_scheme="dark")
    page.set_viewport_size({"width": 360, "height": 740})
    restored(page, photo)
    for place in (page.url, "/", "/gallery", "/api"):
        page.goto(place)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), place
        targets = "[...document.querySelectorAll('a.button, button, nav a, summary, select')]"
        small = page.evaluate(f"{targets}.filter(e => e.offsetHeight && e.offsetHeight < 40).length")
        assert small == 0, place


def test_without_javascript(visit, photo: Path) -> None:
    page = visit(java_script_enabled=False)
    page.goto("/")
    page.set_input_files("input[type=file]", str(photo))
    page.locator("summary").click()
    page.select_option("select[name=model]", "bicubic")
    page.get_by_role("button", name="Upload and Restore").click()
    page.wait_for_url("**/pictures/*")
    until = time.monotonic() + 60
    while page.get_by_role("link", name="Download the result").count() == 0 and time.monotonic() < until:
        page.wait_for_timeout(300)
    assert page.get_by_alt_text("After: photo.png restored").is_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the result").click()
    assert download.value.suggested_filename == "photo_x4.png"


def test_what_is_seen_is_told_before_the_upload(visit, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(eye, "PATIENCE_SECONDS", SECONDS / 1000)
    monkeypatch.setattr(eye, "HUNG_SECONDS", SECONDS / 1000)
    pictures = {name: tmp_path / f"{name}.png" for name in ("grainy", "other", "sound")}
    pictures["grainy"].write_bytes(noisy(1300, 700))
    pictures["other"].write_bytes(noisy(120, 90))
    pictures["sound"].write_bytes(picture(120, 90))
    page = visit()
    page.goto("/")
    page.set_input_files("#image", [str(pictures["grainy"]), str(pictures["other"])])
    page.get_by_text("very grainy").nth(1).wait_for()
    suggested = page.get_by_role("radio", name="Old photograph suggested")
    assert not suggested.is_checked() and page.get_by_role("radio", name="Enlarge").is_checked()
    assert "3 × as wide" in page.inner_text("form")
    suggested.check(force=True)
    assert page.get_by_role("radio", name="No same size").is_checked()
    page.set_input_files("#image", str(pictures["sound"]))
    page.get_by_text("looks sound").wait_for()
    assert suggested.count() == 0


def noisy(width: int, height: int) -> bytes:
    """A PNG of grain alone."""
    out = io.BytesIO()
    Image.fromarray(np.random.default_rng(1).integers(60, 190, (height, width, 3), np.uint8)).save(out, "PNG")
    return out.getvalue()

"""Brush, colour hints and dials in a real browser, over a page whose worker is a thread with small random networks."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import test_web_browser as browsing
from conftest_web import ThreadedWorker, make, picture

from relume.runtime import zoo
from relume.web import jobs, offers
from relume.web.settings import Settings
from relume.web.site import KEY

pytestmark = browsing.pytestmark
browser, visit = browsing.browser, browsing.visit
DATA = Path(__file__).parent.parent / "data"
NAMES = ("damage-mask", "repair", "denoise", "denoise-light", "colorize")


@pytest.fixture(scope="module")
def address(tmp_path_factory) -> Iterator[str]:
    import waitress

    small = {name: DATA / f"tiny-{name}.onnx" for name in NAMES} | {"cascade-gan": DATA / "tiny-cascade.onnx"}
    found = {name: (str(path), hashlib.sha256(path.read_bytes()).hexdigest()) for name, path in small.items()}
    shipped, zoo.SHIPPED = zoo.SHIPPED, zoo.SHIPPED | found | {"cascade-psnr": found["cascade-gan"]}
    offers.offers.cache_clear()
    settings = Settings(store=tmp_path_factory.mktemp("marks") / "store", rate="10000 per minute", hosts="127.0.0.1")
    app = make(settings)
    server = waitress.create_server(app, host="127.0.0.1", port=0, threads=8)
    over = threading.Event()

    def work() -> None:
        site = app.extensions[KEY]
        worker = ThreadedWorker("test", settings, site.engine, threading.Event())
        while not over.wait(0.05):
            if (job := jobs.claim(site.engine, "test", settings.lease)) is not None:
                worker._do(job)

    threads = [threading.Thread(target=target, daemon=True) for target in (server.run, work)]
    for thread in threads:
        thread.start()
    yield f"http://127.0.0.1:{server.effective_port}"
    over.set()
    threads[1].join()
    server.close()
    zoo.SHIPPED = shipped
    offers.offers.cache_clear()


@pytest.fixture
def photo(tmp_path) -> Path:
    path = tmp_path / "photo.png"
    path.write_bytes(picture(160, 120))
    return path


def choose(page, photo: Path, task: str) -> None:
    page.goto("/")
    page.set_input_files("#image", str(photo))
    page.locator(".picked .tags li").nth(1).wait_for()
    page.get_by_role("radio", name=task, exact=True).check(force=True)


def send(page) -> None:
    page.get_by_role("button", name="Upload and Restore").click()
    page.wait_for_url("**/pictures/*")
    page.locator("[data-status=done]").wait_for()


def drag(page, *places: tuple[float, float]) -> None:
    """Draw a line over the canvas, in parts of its size."""
    box = page.locator(".easel canvas").bounding_box()
    points = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in places]
    page.mouse.move(*points[0])
    page.mouse.down()
    for point in points[1:]:
        page.mouse.move(*point, steps=4)
    page.mouse.up()


def test_the_brush_marks_what_is_filled(visit, photo: Path, tmp_path: Path) -> None:
    page = visit(bypass_csp=True, reduced_motion="reduce")
    choose(page, photo, "Mend damage")
    assert not page.get_by_text("4 times").is_visible()
    page.get_by_role("button", name="Mark the damage").click()
    drag(page, (0.1, 0.5), (0.9, 0.5))
    drag(page, (0.5, 0.1), (0.5, 0.2))
    page.get_by_role("button", name="Undo").click()
    assert browsing.serious(page) == []
    page.get_by_role("button", name="Done").click()
    page.get_by_text("1 stroke", exact=True).wait_for()
    send(page)
    assert "damaged (given)" in page.inner_text("main")
    page.get_by_role("tab", name="Filled").click()
    browsing.until(page, "document.querySelector('#mask img').naturalWidth === 160")
    data = page.request.get(f"{page.url}/view/mask.png").body()
    (tmp_path / "mask.png").write_bytes(data)
    from PIL import Image

    mask = np.asarray(Image.open(tmp_path / "mask.png")) > 127
    assert mask[60, 20:140].all() and not mask[:45].any() and not mask[75:].any()


def test_colours_are_set_by_click_and_by_keyboard(visit, tmp_path: Path) -> None:
    path = tmp_path / "gray.png"
    path.write_bytes(picture(160, 120, gray=True))
    page = visit()
    choose(page, path, "Add colour")
    page.get_by_role("button", name="Set colours").click()
    drag(page, (0.25, 0.5))
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    page.keyboard.press("Escape")
    page.get_by_text("2 colours", exact=True).wait_for()
    send(page)
    identity = page.url.rsplit("/", 1)[1]
    hints = page.request.get(f"/pictures/{identity}/status").json()["hints"]
    assert [(hint["y"], hint["colour"]) for hint in hints] == [(60, "#8a5a3c")] * 2
    assert abs(hints[0]["x"] - 40) <= 1 and hints[1]["x"] == 83
    assert "2 colours set" in page.inner_text("main")


def test_marks_on_a_restored_picture_and_the_realism_dial(visit, photo: Path) -> None:
    page = visit()
    choose(page, photo, "Enlarge")
    page.get_by_role("radio", name="2 times").check(force=True)
    page.get_by_role("slider", name="Realism").fill("0.5")
    send(page)
    assert "realism 0.5" in page.inner_text("main")
    first = page.url
    page.get_by_text("Restore it again").click()
    page.get_by_role("radio", name="Mend damage", exact=True).check(force=True)
    page.get_by_role("button", name="Mark the damage").click()
    drag(page, (0.2, 0.2), (0.4, 0.2))
    page.get_by_role("button", name="Done").click()
    page.get_by_role("button", name="Restore again").click()
    end = time.monotonic() + 30
    while page.url == first and time.monotonic() < end:
        page.wait_for_timeout(50)
    page.locator("[data-status=done]").wait_for()
    assert "damaged (given)" in page.inner_text("main") and "photo_repair.png" in page.inner_text("main")

"""Page and explorer in headless Chromium: no console error, points move, hovering shows images."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.report.conftest import HOSTILE, NAME

FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--window-size=1280,1000",
)  # fmt: skip
MODEL = "const model = name => Bokeh.documents[0].get_model_by_name(name); "
CHOOSE = """
const select = model('%s_cell');
select.value = String(select.options.findIndex(option => option[1].startsWith('%s')))
"""
PLACE = """
const find = view => view.model === model('left_plot') ? view : view.children().map(find).find(v => v);
const view = [...Bokeh.index].map(find).find(v => v);
const box = view.el.getBoundingClientRect(), data = model('left_points').data;
return [box.left + view.frame.x_scale.compute(data.x[0]), box.top + view.frame.y_scale.compute(data.y[0])]
"""
PICTURES = """
const found = [], walk = root => root.querySelectorAll('*').forEach(e => {
  if (e.tagName === 'IMG') found.push([e.naturalWidth, e.parentElement.innerText]);
  if (e.shadowRoot) walk(e.shadowRoot)
}); walk(document); return found
"""


@pytest.fixture(scope="module")
def browser(chromium, tmp_path_factory):
    selenium = pytest.importorskip("selenium.webdriver", reason="needs selenium, which the extra dev has")
    options = selenium.ChromeOptions()
    options.binary_location, driver = chromium
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('browser')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    browser = selenium.Chrome(options=options, service=selenium.ChromeService(driver))
    yield browser
    browser.quit()


def until(condition: Callable[[], Any], seconds: float = 60) -> Any:
    """Return the first true value of `condition`."""
    end = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.1)
    return value


def troubles(browser) -> list[str]:
    return [
        entry["message"] for entry in browser.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")
    ]


@pytest.fixture(scope="module")
def explorer(browser, report):
    """Give a function that runs JavaScript in the open explorer, once it shows points."""
    browser.get((report.folder / "explorer.html").as_uri())
    ready = "return !!(window.Bokeh && Bokeh.documents[0] && Bokeh.documents[0].is_idle)"
    until(lambda: browser.execute_script(ready))

    def run(code: str) -> Any:
        return browser.execute_script(MODEL + code)

    until(lambda: run("return model('left_points').data.x.length"))
    run("model('epoch').value = model('epoch').end; model('shown').active = 0; model('classes').active = []")
    return run


def hover(explorer, browser) -> None:
    """Move the pointer onto the first point of the left pane."""
    from selenium.webdriver import ActionChains

    x, y = explorer(PLACE)
    action = ActionChains(browser)
    action.w3c_actions.pointer_action.move_to_location(int(x), int(y))
    action.perform()


def test_the_page_has_no_trouble_at_any_width(browser, report):
    for width in (1280, 390):
        browser.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600},
        )
        browser.get((report.folder / "index.html").as_uri())
        assert browser.execute_script("return document.documentElement.scrollWidth") <= width
        assert browser.title == f"{NAME} – report"
        broken = "return [...document.images].filter(i => i.complete && !i.naturalWidth).length"
        assert browser.execute_script(broken) == 0
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    assert troubles(browser) == []


def test_the_explorer_opens_with_cross_entropy_beside_icv(explorer, browser):
    chosen = explorer("return ['left_cell', 'right_cell'].map(n => model(n).options[+model(n).value][1])")
    assert chosen == [
        "MNIST, N = 2, not normalised, CE (seed 0)",
        "MNIST, N = 2, not normalised, ICV λ 0.05 (seed 0)",
    ]
    assert explorer("return model('left_points').data.x.length") == 150
    assert browser.title == f"{NAME}: embeddings"
    assert troubles(browser) == []


def test_both_panes_have_equal_axes(explorer):
    assert explorer("return model('left_plot').x_range === model('right_plot').x_range")
    assert explorer("return model('left_plot').x_range.end > 1 && model('left_plot').y_range.end > 1")


def test_axes_hold_all_points_unless_asked_for_most(explorer):
    outside = """
    const end = model('left_plot').x_range.end, d = model('left_points').data
    return [end, d.x.filter((x, i) => Math.max(Math.abs(x), Math.abs(d.y[i])) > end).length]"""
    far, none = explorer(outside)
    assert none == 0
    explorer("model('axes').active = 1")
    near, some = explorer(outside)
    assert near < far
    title = explorer("return model('left_plot').title.text")
    assert title == "epoch 3, 150 test images" + (f", {some} beyond the axes" if some else "")
    explorer("model('axes').active = 0")
    assert explorer(outside) == [far, 0]


def test_the_slider_moves_points_and_centroids(explorer):
    names = "['left_points', 'right_points', 'left_centroids']"
    read = f"return {names}.map(n => Array.from(model(n).data.x).slice(0, 5))"
    last = explorer(read)
    explorer("model('epoch').value = 1")
    first = explorer(read)
    assert all(a != b for a, b in zip(first, last, strict=True))
    assert explorer("return model('right_plot').title.text").startswith("epoch 1,")
    explorer("model('epoch').value = model('epoch').end")
    assert explorer(read) == last


def test_filters_for_class_and_for_errors(explorer):
    explorer("model('classes').active = [3]")
    assert explorer("return [...new Set(model('left_points').data.name)]") == ["3"]
    explorer("model('classes').active = []; model('shown').active = 1")
    wrong = explorer("const d = model('left_points').data; return d.name.map((n, i) => [n, d.guess[i]])")
    assert wrong
    assert all(name != guess for name, guess in wrong)
    explorer("model('shown').active = 2")
    right = explorer("const d = model('left_points').data; return d.name.map((n, i) => [n, d.guess[i]])")
    assert all(name == guess for name, guess in right)
    assert len(right) + len(wrong) == 150
    explorer("model('shown').active = 0")


def test_another_cell_can_be_chosen(explorer):
    explorer(CHOOSE % ("right", "Fashion-MNIST, N = 4"))
    assert "Ankle boot" in explorer("return model('right_points').data.name")
    explorer("model('right_cell').value = '1'")


def test_hovering_shows_the_image_its_class_and_prediction(explorer, browser):
    name, guess = explorer("const d = model('left_points').data; return [d.name[0], d.guess[0]]")
    hover(explorer, browser)
    pictures = until(lambda: explorer(PICTURES))
    assert all(width == 28 for width, _ in pictures)
    assert any(name in text and f"highest score: {guess}" in text for _, text in pictures)
    assert troubles(browser) == []


def test_playing_moves_the_slider_and_stops(explorer):
    explorer("model('epoch').value = 1; model('play').active = true")
    until(lambda: explorer("return model('epoch').value > 1"))
    explorer("model('play').active = false")
    assert explorer("return model('play').label") == "▶ play"


def test_hostile_names_stay_text(explorer, browser):
    explorer(CHOOSE % ("left", "settings 2"))
    assert HOSTILE in explorer("return model('left_points').data.name")
    hover(explorer, browser)
    pictures = until(lambda: [text for _, text in explorer(PICTURES) if HOSTILE in text])
    assert f"highest score: {HOSTILE}" in pictures[0]
    assert explorer("return document.querySelectorAll('[onerror]').length") == 0
    assert troubles(browser) == []

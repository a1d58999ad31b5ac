"""Pictures are well-formed, the same every time, small, and say what the figures say."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from detectors.evaluation.calibration import Bin
from detectors.evaluation.plots import draw_confusion_matrix, draw_reliability_diagram

if TYPE_CHECKING:
    from playwright.sync_api import Browser

SVG = "{http://www.w3.org/2000/svg}"
LABELS = ("기쁨", "화남/분노", "<none> & more")
COUNTS = ((8, 2, 0), (0, 5, 5), (1, 0, 3))
BINS = [Bin(0.2, 0.4, 0.3, 0.25, 20), Bin(0.4, 0.9, 0.7, 0.8, 20)]


def words(svg: str) -> list[str]:
    return [str(each.text) for each in ET.fromstring(svg).iter(f"{SVG}text")]


def test_every_cell_shows_its_share_of_the_row_and_its_count_and_nothing_where_nothing_is() -> None:
    svg = draw_confusion_matrix("model", LABELS, COUNTS)
    found = words(svg)
    assert found[0] == "model"
    assert [found.count(label) for label in LABELS] == [2, 2, 2]
    assert [text for text in found if text.endswith("%")] == [
        "80%",
        "20%",
        "50%",
        "50%",
        "25%",
        "75%",
    ]
    assert len(list(ET.fromstring(svg).iter(f"{SVG}rect"))) == 9 + 1


def test_points_lie_where_confidence_and_accuracy_say() -> None:
    root = ET.fromstring(draw_reliability_diagram("model", {"ko": (BINS, "ECE .08")}))
    (line,) = root.iter(f"{SVG}polyline")
    frame = next(each for each in root.iter(f"{SVG}rect") if each.get("fill") == "none")
    left, top, side = (float(str(frame.get(key))) for key in ("x", "y", "width"))
    places = [tuple(map(float, pair.split(","))) for pair in str(line.get("points")).split()]
    shown = [((x - left) / side, 1 - (y - top) / side) for x, y in places]
    assert shown == [pytest.approx((b.confidence, b.accuracy), abs=1e-3) for b in BINS]
    assert "ko: ECE .08" in words(ET.tostring(root, encoding="unicode"))


def test_the_same_figures_are_the_same_few_kilobytes() -> None:
    for once, again in (
        (draw_confusion_matrix("m", LABELS, COUNTS), draw_confusion_matrix("m", LABELS, COUNTS)),
        (
            draw_reliability_diagram("m", {"all": (BINS, "")}),
            draw_reliability_diagram("m", {"all": (BINS, "")}),
        ),
    ):
        assert once == again
        assert len(once) < 8_000


@pytest.mark.browser
def test_in_a_browser_no_label_is_cut_off_nor_runs_into_another(browser: Browser) -> None:
    page = browser.new_page()
    page.set_content(draw_confusion_matrix("what is taken for what", LABELS, COUNTS))
    width = page.evaluate("document.querySelector('svg').viewBox.baseVal.width")
    boxes = page.evaluate(
        "[...document.querySelectorAll('text')].map(t => {const b = t.getBBox();"
        "return [b.x, b.y, b.x + b.width, b.y + b.height]})"
    )
    assert all(left >= 0 and right <= width for left, _, right, _ in boxes)
    for number, (left, top, right, bottom) in enumerate(boxes):
        for other in boxes[number + 1 :]:
            apart = right <= other[0] or other[2] <= left or bottom <= other[1] or other[3] <= top
            assert apart, (number, other)
    page.close()

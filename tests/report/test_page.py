"""The page as text: self-contained, escaped, complete."""

import re
from html.parser import HTMLParser

import pytest

from icv_lightning.report.page import class_table
from tests.report.conftest import HOSTILE, NAME


class Elements(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.words += data


@pytest.fixture(scope="module")
def page(report):
    return Elements((report.folder / "index.html").read_text())


def test_nothing_is_fetched_from_elsewhere(page):
    for tag, attributes in page.found:
        for key in ("src", "href"):
            value = attributes.get(key) or ""
            assert tag in ("a", "img", "link") or not value
            assert value == "" or value.startswith(("data:", "#")) or value == "explorer.html"
    assert not [tag for tag, _ in page.found if tag == "script"]


def test_names_are_text_and_never_elements(page):
    assert HOSTILE in page.words
    assert NAME in page.words
    assert not [a for tag, a in page.found if tag == "img" and "onerror" in a]


def test_sections_in_order(report):
    text = (report.folder / "index.html").read_text()
    places = [
        text.index(f'id="{name}"')
        for name in ("summary", "tables", "claims", "figures", "classes", "settings", "failures")
    ]
    assert places == sorted(places)


def test_departing_settings_are_labelled(page):
    assert "not the paper's settings: trainer.max_epochs=3 (paper: 20)" in page.words


def test_all_claims_tables_and_figures(page):
    words = " ".join(page.words.split())
    for number in range(1, 13):
        assert f"Claim {number}: what it rests on" in words
    for title in (
        "Table 1. Nearest centroid: means",
        "Table 1. Nearest centroid: the learned",
        "Table 2. Highest score",
    ):
        assert title in words
    for number in range(1, 8):
        assert f"Figure {number}." in words
    assert "Not drawn: no snapshot of Fashion-MNIST, N = 4, not normalised" not in words
    images = [a for tag, a in page.found if tag == "img"]
    assert all(a["src"].startswith("data:image/") and a["alt"] for a in images)
    assert any(a["src"].startswith("data:image/gif") for a in images)


def test_failures_have_their_cause(page):
    assert f"ValueError: {HOSTILE} (step 17)" in page.words
    assert re.search(r"0 of 3 epochs done, last sign of life", page.words)


def test_published_values_stand_beside(page):
    assert re.search(r"0\.909, [+-]0\.\d{3}", page.words)


def test_scores_of_classes_by_hand():
    confusion = [[3, 1, 0], [0, 4, 0], [0, 0, 0]]
    assert class_table({"confusion": confusion, "class_names": ["ant", "bee"]}) == [
        ("ant", "1.0000", "0.7500", "0.8571", "4"),
        ("bee", "0.8000", "1.0000", "0.8889", "4"),
        ("2", "nan", "nan", "nan", "0"),
        ("mean", "0.9000", "0.8750", "0.8730", "8"),
    ]


def test_no_scores_of_classes_without_a_confusion_matrix_or_of_too_many():
    assert class_table({"confusion": None}) == class_table({}) == []
    assert class_table({"confusion": [[1] * 101] * 101}) == []

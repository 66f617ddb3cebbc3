"""The explorer: embeddings of two cells side by side, by epoch, in one HTML file that works offline."""

import html
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from bokeh.core.properties import value
from bokeh.document import Document
from bokeh.embed import file_html
from bokeh.events import DocumentReady
from bokeh.layouts import column, row
from bokeh.models import ColumnDataSource, CustomJS
from bokeh.plotting import figure
from bokeh.resources import Resources

from icv_lightning.records.cells import data_title
from icv_lightning.records.files import write_text
from icv_lightning.records.variants import Variant
from icv_lightning.report.figures.panels import pick
from icv_lightning.report.figures.style import CLASS_COLOURS
from icv_lightning.report.packing import AXIS_PERCENTILE, POINTS, Parts, packed_cell

CELLS = 48  # at most, to keep the file below some 20 MB
MARKERS = (
    "circle", "square", "diamond", "triangle", "inverted_triangle",
    "hex", "star", "square_pin", "triangle_pin", "plus",
)  # fmt: skip
COLUMNS = ("x", "y", "colour", "marker", "edge", "image", "name", "guess", "index")
# Type checkers do not follow how the widgets are re-exported.
models: Any = import_module("bokeh.models")
WIDE: dict[str, Any] = {"sizing_mode": "stretch_width"}
PLATE: dict[str, Any] = {"background_fill_color": "white", "background_fill_alpha": 0.75}
WRAP = {"flex-wrap": "wrap"}
CODE = Path(__file__).with_name("explorer.js").read_text(encoding="utf-8")
TOOLTIP = """
<div style="display:flex; gap:10px; align-items:center; max-width:260px">
<img src="@image" alt="" style="width:56px; height:56px; image-rendering:pixelated; border:1px solid #ccc">
<div><b>@name</b><br>highest score: @guess<br><small>@index</small></div></div>
"""
TEMPLATE = """
{% block preamble %}
<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">
<style>body { font-family: system-ui, sans-serif; margin: .75rem; }</style>
{% endblock %}
"""
PLAY = """
const step = () => { slider.value = slider.value >= slider.end ? slider.start : slider.value + 1 }
if (cb_obj.active) { cb_obj.label = "❚❚ stop"; window.icv_timer = setInterval(step, 700) }
else { cb_obj.label = "▶ play"; clearInterval(window.icv_timer) }
"""


def write_explorer(path: Path, variants: Sequence[Variant], folders: Sequence[Path], name: str) -> str:
    """Write the explorer and return its file's name, empty where no run has a snapshot.

    Args:
        path: where to write the file.
        variants: variants whose cells can be chosen, the lowest seed of each.
        folders: grids' folders, in which the images are looked up.
        name: the grid's name.
    """
    parts: Parts = {}
    cells: list[dict[str, Any]] = []
    for i, variant in enumerate(variants, start=1):
        order = variant.data_sets()
        for cell in sorted(variant.runs, key=lambda c: (order.index(c.data), *c[2:], c.weight)):
            run = pick(variant, cell) if len(cells) < CELLS else None
            label = f"{f'settings {i}: ' if i > 1 else ''}{cell.title}"
            if run and (packed := packed_cell(label, variant, run, parts, folders)):
                cells.append(packed)
    path.unlink(missing_ok=True)
    if not cells:
        return ""
    document, resources = _document(cells, name), Resources(mode="inline")
    page = file_html(document, resources, title=f"{name}: embeddings", template=TEMPLATE)
    write_text(path, page)
    return path.name


def _document(cells: Sequence[Mapping[str, Any]], name: str) -> Document:
    options = [(str(i), cell["label"]) for i, cell in enumerate(cells)]
    ranges = {"x_range": models.Range1d(start=-1, end=1), "y_range": models.Range1d(start=-1, end=1)}
    sides = zip(("left", "right"), _start(cells), strict=True)
    panes = [_pane(side, options, start, ranges) for side, start in sides]
    epochs = max(max(cell["epochs"]) for cell in cells)
    slider = models.Slider(title="epoch", start=1, end=max(epochs, 2), value=epochs, name="epoch", **WIDE)
    shown = models.RadioButtonGroup(labels=["all images", "errors", "right ones"], active=0, name="shown")
    chosen = models.CheckboxButtonGroup(
        labels=[str(k) for k in range(max(len(cell["names"]) for cell in cells))], active=[], name="classes",
        stylesheets=[":host .bk-btn-group { flex-wrap: wrap; }"],
    )  # fmt: skip
    axes = models.RadioButtonGroup(labels=["all points", f"inner {AXIS_PERCENTILE} %"], active=0, name="axes")
    play = models.Toggle(label="▶ play", name="play", width=90)
    arguments = {
        "cells": [{k: v for k, v in cell.items() if k != "cell"} for cell in cells],
        "panes": [{k: v for k, v in pane.items() if k != "element"} for pane in panes],
        "slider": slider, "shown": shown, "chosen": chosen, "axes": axes,
        "markers": MARKERS, "colours": CLASS_COLOURS,
    }  # fmt: skip
    update = CustomJS(code=CODE, args=arguments | ranges)
    selects = [(pane["select"], "value") for pane in panes]
    for widget, change in (
        *selects,
        (slider, "value"),
        (shown, "active"),
        (chosen, "active"),
        (axes, "active"),
    ):
        widget.js_on_change(change, update)
    play.js_on_change("active", CustomJS(code=PLAY, args={"slider": slider}))
    document = Document()
    document.add_root(
        column(
            models.Div(text=_heading(name)),
            row(play, slider, **WIDE),
            row(shown, models.Div(text="only classes:", align="center"), chosen, styles=WRAP),
            row(models.Div(text="axes hold:", align="center"), axes, styles=WRAP),
            row(*(pane["element"] for pane in panes), styles=WRAP, **WIDE),
            models.Div(text=_legend(cells)),
            styles={"padding": "8px 14px", "box-sizing": "border-box"},
            **WIDE,
        )
    )
    document.js_on_event(DocumentReady, update)
    return document


def _start(cells: Sequence[Mapping[str, Any]]) -> tuple[int, int]:
    """Return the pair that opens: cross-entropy beside ICV with the least λ, of the first shape."""
    order = {cell["cell"]: i for i, cell in reversed(list(enumerate(cells)))}
    for cell, i in sorted(order.items(), key=lambda item: item[1]):
        others = [c for c in order if c.weight > 0 and c._replace(weight=0.0) == cell]
        if others:
            return i, order[min(others)]
    return 0, min(1, len(cells) - 1)


def _pane(side: str, options: list[tuple[str, str]], start: int, ranges: Mapping[str, Any]) -> dict[str, Any]:
    points = ColumnDataSource({key: [] for key in COLUMNS}, name=f"{side}_points")
    centroids = ColumnDataSource({"x": [], "y": []}, name=f"{side}_centroids")
    marks = ColumnDataSource({"x": [], "y": [], "text": []})
    plot = figure(
        tools="pan,wheel_zoom,box_zoom,reset,save", active_scroll="wheel_zoom", toolbar_location="above",
        sizing_mode="scale_width", aspect_ratio=1, min_width=300, name=f"{side}_plot", **ranges,
    )  # fmt: skip
    dots = plot.scatter(
        "x", "y", source=points, size=6, marker="marker", fill_color="colour", fill_alpha=0.65,
        line_color="edge", line_width=1.2,
    )  # fmt: skip
    for colour, width in (("white", 6.0), ("black", 2.5)):
        plot.scatter("x", "y", source=centroids, size=13, marker="x", line_color=colour, line_width=width)
    plot.text(
        "x", "y", text="text", source=marks, x_offset=6, y_offset=-4, text_color="black",
        text_font=value("sans-serif"), text_font_size="14px", text_font_style="bold", **PLATE,
    )  # fmt: skip
    plot.add_tools(models.HoverTool(renderers=[dots], tooltips=TOOLTIP, limit=3))
    select = models.Select(value=str(start), options=options, name=f"{side}_cell", **WIDE)
    element = column(select, plot, min_width=300, styles={"flex": "1 1 300px"}, **WIDE)
    sources = {"points": points, "marks": marks, "centroids": centroids}
    return {"element": element, "select": select, "plot": plot, **sources}


def _heading(name: str) -> str:
    return (
        f"<b style='font-size:1.2rem'>{html.escape(name)}: embeddings by epoch</b><br>"
        f"At most {POINTS} images of a cell, the same in each. "
        "Axes in spacings of the class means of the last epoch, the same on both sides; N &gt; 2 through a "
        "2-component PCA fitted on train. Numbers stand at the class means, ✕ at the centroids; a dark edge "
        "marks an error of the highest score. Hover to see the image."
    )


def _legend(cells: Sequence[Mapping[str, Any]]) -> str:
    lines = []
    for data, names in {cell["cell"].data: cell["names"] for cell in cells}.items():
        chips = "".join(_chip(k, text) for k, text in enumerate(names))
        lines.append(f"<div><b>{html.escape(data_title(data))}</b> {chips}</div>")
    return "".join(lines)


def _chip(k: int, text: str) -> str:
    colour = CLASS_COLOURS[k % len(CLASS_COLOURS)]
    name = str(k) if text == str(k) else f"{k} {html.escape(text)}"
    square = f"<span style='display:inline-block;width:.8em;height:.8em;background:{colour}'></span>"
    return f"<span style='display:inline-block;margin:0 .8em .2em 0'>{square} {name}</span>"

"""The page: one HTML file that needs nothing beside it, escaped by Jinja."""

import base64
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined

from icv_lightning.inference.verdicts import Finding
from icv_lightning.paper import claims, publication
from icv_lightning.paper.verdicts import Verdict
from icv_lightning.records.cells import data_title
from icv_lightning.records.files import write_text
from icv_lightning.records.runs import Run
from icv_lightning.records.variants import Variant
from icv_lightning.report.figures import Drawing
from icv_lightning.report.reproduction import Reproduction
from icv_lightning.report.sweep import Sweep
from icv_lightning.report.tables import Table
from icv_lightning.report.text_tables import Grid

MOST_CLASSES = 100  # whose scores a page can show


class Image(NamedTuple):
    """A figure or a film as the page holds it: `source` is a data URI, empty where nothing was drawn."""

    title: str
    caption: str
    source: str


class Section(NamedTuple):
    """All that is said of the runs of one variant."""

    variant: Variant
    tables: Sequence[Table]
    reproductions: Mapping[str, Reproduction]
    verdicts: Sequence[Verdict]


def image_of(drawing: Drawing, png: bytes | None) -> Image:
    """Return a drawing as the page holds it."""
    return Image(drawing.title, drawing.caption, data_uri(png, "png") if png else "")


def data_uri(content: bytes, kind: str) -> str:
    """Return a picture as a URI that holds it."""
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"


def write_page(
    path: Path, name: str, sections: Sequence[Section], on_paper: Sequence[Verdict], images: Sequence[Image],
    runs: Sequence[Run], unfinished: Sequence[Run], explorer: str, variants: Sequence[Variant],
    sweep: Sweep | None, swept: Sequence[Grid],
) -> None:  # fmt: skip
    """Write index.html.

    Args:
        path: where to write the page.
        name: the grid's name.
        sections: one for each variant, the leading one first; none where the grid is not the paper's.
        on_paper: verdicts on the paper's own tables.
        images: figures and films of the leading variant.
        runs: all runs.
        unfinished: those without results, or left aside, with their causes.
        explorer: name of the explorer's file, empty where there is none.
        variants: variants whose settings are listed.
        sweep: the runs by what tells them apart, None where the paper's tables say all.
        swept: its tables.
    """
    environment = Environment(
        loader=PackageLoader("icv_lightning", "report"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    environment.tests["match_start"] = str.startswith
    environment.filters |= {"data_title": data_title, "interval": _interval, "colour": _colour}
    environment.filters |= {"beside": _beside, "classes": class_table}
    page = environment.get_template("page.html.j2").render(
        name=name, sections=sections, on_paper=on_paper, runs=runs, unfinished=unfinished,
        images=[image for image in images if image.source],
        not_drawn=[_reason(image) for image in images if not image.source],
        explorer=explorer, counts=_counts(runs), source=publication.source(),
        made=f"{datetime.now(UTC):%F %H:%M}", rules=claims.__doc__, settings=_settings(variants),
        listed=len(variants),
        versions=_versions(runs), sweep=sweep, swept=swept,
    )  # fmt: skip
    write_text(path, page)


def _reason(image: Image) -> str:
    """Say in a few words what was not drawn, and why."""
    return f"{image.title} ({image.caption.removeprefix('Not drawn: ').rstrip('.')})"


def class_table(results: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """Return name, precision, recall, F1 and images of each class of a run, as text, and their means last.

    Empty for a run without a confusion matrix or with more than `MOST_CLASSES` classes.
    """
    confusion = results.get("confusion") or []
    if not 0 < len(confusion) <= MOST_CLASSES:
        return []
    counts = np.array(confusion, dtype=float)
    hits, true, predicted = counts.diagonal(), counts.sum(1), counts.sum(0)
    with np.errstate(invalid="ignore"):
        scores = np.stack([hits / predicted, hits / true, 2 * hits / (true + predicted)], axis=1)
    names = results.get("class_names") or []
    names = [*names, *map(str, range(len(names), len(counts)))]
    rows = [*zip(names, scores, true, strict=False), ("mean", np.nanmean(scores, axis=0), true.sum())]
    return [(name, *(f"{value:.4f}" for value in values), f"{total:.0f}") for name, values, total in rows]


def _interval(finding: Finding) -> str:
    if finding.interval is None:
        return "–"
    found = finding.interval
    bounds = f" ({found.low:+.4f} to {found.high:+.4f})" if np.isfinite(found.half) else ""
    return f"{found.mean:+.4f}{bounds}"


def _beside(finding: Finding) -> str:
    return "; ".join(f"{key} {value:+.4g}" for key, value in finding.beside.items()) or "–"


def _colour(word: str) -> str:
    """Return the class of a verdict or state; the word always stands beside the colour."""
    first = word.split(" ")[0].rstrip(":")
    colours = {"shown": "yes", "holds": "yes", "contrary": "no", "fails": "no", "mixed": "mixed"}
    return colours.get(first, "open")


def _counts(runs: Sequence[Run]) -> dict[str, int]:
    statuses = [run.status for run in runs]
    return {status: statuses.count(status) for status in ("completed", "failed", "running", "interrupted")}


def _settings(variants: Sequence[Variant]) -> list[tuple[str, list[str]]]:
    keys = sorted({key for variant in variants for key in variant.settings})
    return [(key, [_word(variant.settings.get(key)) for variant in variants]) for key in keys]


def _word(value: Any) -> str:
    return "–" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def _versions(runs: Sequence[Run]) -> dict[str, list[str]]:
    found: dict[str, set[str]] = {}
    for run in runs:
        for package, version in (run.results.get("versions") or {}).items():
            found.setdefault(str(package), set()).add(str(version))
    return {package: sorted(versions) for package, versions in found.items()}

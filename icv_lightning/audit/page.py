"""The page of an audit: one HTML file that needs nothing beside it, escaped by Jinja."""

import io
import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from matplotlib import rc_context
from matplotlib.figure import Figure

from icv_lightning.audit.audited import SECTIONS, Audit, Measure
from icv_lightning.audit.comparison import Comparison
from icv_lightning.audit.figures import differences_figure, rules_figure, views_figure
from icv_lightning.records.files import write_text
from icv_lightning.report.figures.style import DPI, SETTINGS
from icv_lightning.report.page import data_uri

CLASSES, SUSPECTS = 100, 50  # rows on the page; all stand in audit.json


def write_page(path: Path, audits: Sequence[Audit], comparison: Comparison | None = None) -> None:
    """Write the page of one audit, or of two and their comparison."""
    environment = Environment(
        loader=PackageLoader("icv_lightning", "audit"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    environment.filters |= {"number": number, "interval": interval}
    with rc_context(SETTINGS):
        figures = [_figures(audit) for audit in audits]
        differences = (
            _png(differences_figure(comparison.over_pictures, comparison.over_classes)) if comparison else ""
        )
    text = environment.get_template("page.html.j2").render(
        audits=list(zip(audits, figures, strict=True)), comparison=comparison, differences=differences,
        sections=SECTIONS, classes=CLASSES, suspects=SUSPECTS, made=f"{datetime.now(UTC):%F %H:%M}",
    )  # fmt: skip
    write_text(path, text)


def number(value: float) -> str:
    """Return a number as the page shows it, a dash where it is undefined."""
    if not math.isfinite(value):
        return "∞" if value == math.inf else "–"
    if value and abs(value) < 5e-5:
        return f"{value:.1e}"
    return f"{value:.4f}" if abs(value) < 10 else f"{value:.4g}"


def interval(measure: Measure) -> str:
    """Return the bounds of an interval, empty where there is none."""
    return "" if math.isnan(measure.low) else f"{number(measure.low)} to {number(measure.high)}"


def _figures(audit: Audit) -> Mapping[str, str]:
    rules = [m for m in audit.measures if m.section == "rules" and m.name.startswith("acc_")]
    return {"rules": _png(rules_figure(rules)), "views": _png(views_figure(audit))}


def _png(figure: Figure) -> str:
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=DPI, metadata={"Software": None})
    return data_uri(file.getvalue(), "png")

"""The paper's tables and verdicts as text, and as rows of numbers."""

from collections.abc import Iterable, Sequence
from typing import Any

from icv_lightning.inference.intervals import Interval
from icv_lightning.paper.verdicts import Verdict
from icv_lightning.records.cells import data_title
from icv_lightning.records.variants import Variant
from icv_lightning.report.sweep import interval_columns
from icv_lightning.report.tables import Entry, Table
from icv_lightning.report.text_tables import Grid


def grid_of(table: Table, note: str) -> Grid:
    """Return `table` as text, published values and differences in brackets."""
    heading = [
        "loss",
        "data",
        *(f"{'norm.' if unit else 'not norm.'}, N = {dim}" for unit, dim in table.columns),
    ]
    rows = [
        [_loss(weight), data_title(data), *(entry_text(entry) for entry in table.row(data, weight))]
        for data, weight in table.rows
    ]
    seeds = sorted({entry.interval.n for entry in table.entries.values() if entry.interval})
    n = f"n = {seeds[0]}" + (f" to {seeds[-1]}" if len(seeds) > 1 else "") if seeds else "no run"
    meaning = (
        f"Test accuracy: mean over seeds ± half the 95 % t interval, {n}; in brackets the published value "
        "and our difference to it."
    )
    return Grid(f"{table.title} ({note})", heading, rows, f"tab:{table.measure}", meaning)


def entry_text(entry: Entry) -> str:
    """Return e.g. `0.976 ± 0.002 [0.972, +0.004]`."""
    return f"{entry.ours} [{entry.beside}]" if entry.beside else entry.ours


def verdict_grid(on_paper: Sequence[Verdict], on_runs: Sequence[Verdict], note: str) -> Grid:
    """Return the twelve claims with both verdicts."""
    rows = [
        [ours.claim.label, ours.claim.text, _verdict(theirs), _verdict(ours)]
        for theirs, ours in zip(on_paper, on_runs, strict=True)
    ]
    return Grid(f"The paper's claims ({note})", ["#", "claim", "on the paper's tables", "on our runs"], rows)


def tidy_tables(variant: Variant, tables: Iterable[Table]) -> Iterable[dict[str, Any]]:
    """Yield one row a table and cell, numbers in full."""
    for table in tables:
        for cell, entry in table.entries.items():
            yield {
                "settings": variant.label,
                "table": table.title.partition(".")[0],
                "measure": table.measure,
                "data": cell.data,
                "lambda": cell.weight,
                "embedding_dim": cell.embedding_dim,
                "normalize": cell.normalize,
                **_seeds(entry.interval),
                "published": entry.published,
                "difference": entry.difference,
                "difference_low": entry.bounds[0],
                "difference_high": entry.bounds[1],
                "status": ", ".join(f"{count} {status}" for status, count in entry.statuses.items())
                or "not run",
            }


def tidy_verdicts(settings: str, source: str, verdicts: Iterable[Verdict]) -> Iterable[dict[str, Any]]:
    """Yield one row a contrast of every claim."""
    for verdict in verdicts:
        for finding in verdict.findings:
            draws = finding.bootstrap
            yield {
                "settings": settings,
                "on": source,
                "claim": verdict.claim.label,
                "verdict": verdict.word,
                "contrast": finding.label,
                "margin": finding.margin,
                "word": finding.word,
                "judging": finding.n,
                "planned": finding.planned,
                **_seeds(finding.interval),
                "smallest_shown": finding.detectable,
                "p_shown": finding.p_shown,
                "p_contrary": finding.p_contrary,
                "bootstrap_low": draws[0] if draws else None,
                "bootstrap_high": draws[1] if draws else None,
                "beside": "; ".join(f"{key} {value:.6g}" for key, value in finding.beside.items()),
            }


def _seeds(interval: Interval | None) -> dict[str, float | None]:
    return {"seeds": interval.n if interval else 0} | interval_columns(interval)


def _loss(weight: float) -> str:
    return f"ICV, λ {weight:g}" if weight else "cross-entropy"


def _verdict(verdict: Verdict) -> str:
    return f"{verdict.word}: {verdict.tally}" if verdict.tally else verdict.word

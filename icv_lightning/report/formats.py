"""A table of text in the formats that people paste: terminal, Markdown, CSV, LaTeX (booktabs)."""

import re
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from rich.table import Table as RichTable
from rich.text import Text

from icv_lightning.escaping import printable
from icv_lightning.paper.verdicts import Verdict
from icv_lightning.records.cells import data_title
from icv_lightning.records.variants import Variant
from icv_lightning.report.tables import Entry, Table

LATEX = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "±": r"$\pm$"}
LATEX |= {"λ": r"$\lambda$", "−": "$-$"} | {sign: f"\\{sign}" for sign in "&%$#_{}"}


class Grid(NamedTuple):
    """A title, a heading and rows of text."""

    title: str
    heading: Sequence[str]
    rows: Sequence[Sequence[str]]


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
    return Grid(f"{table.title} ({note})", heading, rows)


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


def rich_table(grid: Grid) -> RichTable:
    """Return `grid` for the terminal; nothing in it is read as markup."""
    table = RichTable(title=Text(grid.title), title_justify="left")
    for name in grid.heading:
        table.add_column(Text(name), no_wrap=name in ("loss", "data"))
    for row in grid.rows:
        table.add_row(*(Text(text) for text in row))
    return table


def markdown(grid: Grid) -> str:
    """Return `grid` as a Markdown table below its title in bold."""
    lines = [grid.heading, ["---"] * len(grid.heading), *grid.rows]
    body = "\n".join("| " + " | ".join(_markdown(text) for text in line) + " |" for line in lines)
    return f"**{_markdown(grid.title)}**\n\n{body}\n"


def latex(grid: Grid) -> str:
    """Return `grid` as a LaTeX table with booktabs rules."""
    lines = [" & ".join(map(_latex, line)) + r" \\" for line in (grid.heading, *grid.rows)]
    return "\n".join(
        [
            r"\begin{table}",
            f"\\caption{{{_latex(grid.title)}}}",
            f"\\begin{{tabular}}{{{'l' * len(grid.heading)}}}",
            r"\toprule",
            lines[0],
            r"\midrule",
            *lines[1:],
            r"\bottomrule",
            r"\end{tabular}",
            r"\end{table}",
            "",
        ]
    )


def tidy_tables(variant: Variant, tables: Iterable[Table]) -> Iterable[dict[str, Any]]:
    """Yield one row a table and cell, numbers in full."""
    for table in tables:
        for cell, entry in table.entries.items():
            ours = entry.interval
            yield {
                "settings": variant.label,
                "table": table.title.partition(".")[0],
                "measure": table.measure,
                "data": cell.data,
                "lambda": cell.weight,
                "embedding_dim": cell.embedding_dim,
                "normalize": cell.normalize,
                "seeds": ours.n if ours else 0,
                "mean": ours.mean if ours else None,
                "low": ours.low if ours else None,
                "high": ours.high if ours else None,
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
            ours, draws = finding.interval, finding.bootstrap
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
                "seeds": ours.n if ours else 0,
                "mean": ours.mean if ours else None,
                "low": ours.low if ours else None,
                "high": ours.high if ours else None,
                "smallest_shown": finding.detectable,
                "p_shown": finding.p_shown,
                "p_contrary": finding.p_contrary,
                "bootstrap_low": draws[0] if draws else None,
                "bootstrap_high": draws[1] if draws else None,
                "beside": "; ".join(f"{key} {value:.6g}" for key, value in finding.beside.items()),
            }


def _loss(weight: float) -> str:
    return f"ICV, λ {weight:g}" if weight else "cross-entropy"


def _verdict(verdict: Verdict) -> str:
    return f"{verdict.word}: {verdict.tally}" if verdict.tally else verdict.word


def _markdown(text: str) -> str:
    return re.sub(r"([\\|*_`<>\[\]])", r"\\\1", printable(text.replace("\n", " ")))


def _latex(text: str) -> str:
    return "".join(LATEX.get(character, character) for character in printable(text.replace("\n", " ")))

"""A table of text in the formats that people paste: terminal, Markdown, LaTeX (booktabs)."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from rich.table import Table as RichTable
from rich.text import Text

from icv_lightning.escaping import printable

LATEX = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "±": r"$\pm$"}
LATEX |= {"λ": r"$\lambda$", "−": "$-$"} | {sign: f"\\{sign}" for sign in "&%$#_{}"}


NUMBERED = re.compile(r"^Table \d+\.\s*")


class Grid(NamedTuple):
    """A title, a heading and rows of text; a label for LaTeX, and a note on what the numbers are."""

    title: str
    heading: Sequence[str]
    rows: Sequence[Sequence[str]]
    label: str = ""
    note: str = ""


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
    """Return `grid` as a LaTeX table with booktabs rules; LaTeX numbers it, so "Table 1." goes."""
    title = NUMBERED.sub("", grid.title)
    caption = _latex(" ".join(f"{text.rstrip('.')}." for text in (title, grid.note) if text))
    lines = [" & ".join(map(_latex, line)) + r" \\" for line in (grid.heading, *grid.rows)]
    return "\n".join(
        [
            r"\begin{table}",
            f"\\caption{{{caption}}}",
            *([f"\\label{{{grid.label}}}"] if grid.label else []),
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


def _markdown(text: str) -> str:
    return re.sub(r"([\\|*_`<>\[\]])", r"\\\1", printable(text.replace("\n", " ")))


def _latex(text: str) -> str:
    return "".join(LATEX.get(character, character) for character in printable(text.replace("\n", " ")))

"""Tables of text for terminals, Markdown and LaTeX."""

import io

from rich.console import Console

from icv_lightning.report.text_tables import Grid, latex, markdown, rich_table

HOSTILE = Grid("A | title_ & 50 %", ["a", "b"], [["x | y", "[red]<b>\\n$1 {z} ~ ^ #"]])


def test_markdown_has_as_many_cells_in_every_line_and_escapes_its_signs():
    lines = markdown(HOSTILE).splitlines()
    assert lines[0] == r"**A \| title\_ & 50 %**"
    table = [line for line in lines if line.startswith("|")]
    assert {line.replace(r"\|", "").count("|") for line in table} == {3}
    assert r"\[red\]\<b\>" in table[2]


def test_latex_is_booktabs_and_escaped():
    text = latex(HOSTILE)
    assert [text.count(f"\\{rule}rule") for rule in ("top", "mid", "bottom")] == [1, 1, 1]
    assert r"[red]<b>\textbackslash{}n\$1 \{z\} \textasciitilde{} \textasciicircum{} \#" in text
    assert r"A | title\_ \& 50 \%" in text


def test_the_terminal_reads_no_markup():
    console = Console(file=io.StringIO(), width=120)
    console.print(rich_table(HOSTILE))
    assert "[red]<b>" in console.file.getvalue()

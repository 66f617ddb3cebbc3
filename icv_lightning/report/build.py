"""One report from start to end: read, judge, draw, write."""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from matplotlib import rc_context

from icv_lightning.escaping import file_stem
from icv_lightning.paper import verdicts
from icv_lightning.paper.evidence import Evidence, read_rows
from icv_lightning.paper.runs import grouped, is_papers
from icv_lightning.records.csv_files import csv_text
from icv_lightning.records.files import write_bytes, write_text
from icv_lightning.records.runs import REPORT_PAGE, Run, read_runs
from icv_lightning.records.variants import Variant
from icv_lightning.report import formats, text_tables
from icv_lightning.report.explorer import write_explorer
from icv_lightning.report.figures import all_figures, films
from icv_lightning.report.figures.style import SETTINGS, save
from icv_lightning.report.figures.sweep import sweep_figures
from icv_lightning.report.page import Image, Section, data_uri, image_of, write_page
from icv_lightning.report.reproduction import reproduction
from icv_lightning.report.sweep import Layout, Sweep
from icv_lightning.report.tables import MEASURES, paper_tables, unfinished
from icv_lightning.report.text_tables import Grid

LISTED = 8  # settings in the table of settings where the grid is not the paper's
DRAWN = 4  # settings whose embeddings are drawn where the grid is not the paper's
FIGURE = re.compile(r"^Figure \d+\.\s*")
CENTRES = {"acc_nearest_class_mean": "class means", "acc_nearest_centroid": "learned centroids"}
DIGITS = 9  # of numbers in CSV files: what is beyond differs between machines


def write_report(
    folders: Sequence[Path], layout: Layout | None = None, progress: Callable[[str], None] = lambda step: None
) -> tuple[Path, list[Grid]]:
    """Write the report of the runs below `folders` into the first one's `report/`.

    The paper's tables and verdicts stand in it where there are cells of its grid with its settings and
    network; tables of all that differs where there are other runs, or a layout is asked for.

    Args:
        folders: grids' folders; those after the first only add runs and evidence.
        layout: rows, columns and baseline of the tables of all runs.
        progress: called with the name of each step before it begins.

    Returns:
        The report's folder and the tables as text, for the terminal.

    Raises:
        UserError: a folder that is not there or holds no run, or a layout that the runs do not have.
    """
    progress("reading runs")
    runs = read_runs(folders)
    progress(f"judging {len(runs)} runs")
    variants, aside = grouped(runs)
    papers = [variant for variant in variants if is_papers(variant)]
    known = [run for variant in variants for run in variant.all_runs]
    sweep = Sweep(known, layout or Layout()) if known and (layout or len(papers) < len(variants)) else None
    report = folders[0] / "report"
    for folder in (report / "tables", report / "figures"):
        folder.mkdir(parents=True, exist_ok=True)
    evidence, rows = Evidence(), read_rows(folders)
    on_paper = verdicts.judge_paper() if papers else []
    sections = [_section(variant, variants, evidence, rows) for variant in papers]
    swept = sweep.tables() if sweep else []
    grids = [grid for i, section in enumerate(sections) for grid in _grids(section, on_paper, i)]
    for name, text in _table_texts(sections, on_paper, [*swept, *grids], sweep).items():
        write_text(report / "tables" / name, text)
    progress("drawing figures")
    images = []
    for image in _images(papers, variants, sweep, report / "figures"):
        images.append(image)
        progress(f"drawing figures: {len(images)} done")
    progress("drawing the explorer")
    explorer = write_explorer(report / "explorer.html", variants, folders, folders[0].resolve().name)
    progress("writing the page")
    write_page(
        report / REPORT_PAGE, folders[0].resolve().name, sections, on_paper, images, runs,
        [*unfinished(runs), *(run for run in aside if run.status == "completed")], explorer,
        papers or variants[:LISTED], sweep, swept,
    )  # fmt: skip
    write_text(report / "results.json", json.dumps(list(_cells(runs)), indent=1) + "\n")
    return report, [*swept, *grids[: len(MEASURES) + 1]]


def table_texts(folders: Sequence[Path]) -> dict[str, str]:
    """Return by file name the tables and verdicts of the runs below `folders`, as `write_report` writes them.

    Raises:
        UserError: a folder that is not there or holds no run.
    """
    variants, _ = grouped(read_runs(folders))
    evidence, rows, on_paper = Evidence(), read_rows(folders), verdicts.judge_paper()
    sections = [_section(variant, variants, evidence, rows) for variant in variants if is_papers(variant)]
    grids = [grid for i, section in enumerate(sections) for grid in _grids(section, on_paper, i)]
    return _table_texts(sections, on_paper, grids, None)


def _section(
    variant: Variant, variants: Sequence[Variant], evidence: Evidence, rows: Sequence[dict[str, Any]]
) -> Section:
    tables = paper_tables(variant, whole_grid=variant is next(filter(is_papers, variants)))
    by = {table.measure: table for table in tables}
    compared = {
        f"Reproduction, table 1 by {words}": reproduction([by[measure], by["acc"]])
        for measure, words in CENTRES.items()
    }
    return Section(variant, tables, compared, verdicts.judge_runs(variant, variants, evidence, rows))


def _grids(section: Section, on_paper: Sequence[verdicts.Verdict], number: int) -> list[Grid]:
    note = section.variant.label
    tables = [formats.grid_of(table, note) for table in section.tables]
    grids = [*tables, formats.verdict_grid(on_paper, section.verdicts, note)]
    return [grid._replace(label=f"{grid.label}-{number + 1}" if number else grid.label) for grid in grids]


def _table_texts(
    sections: Sequence[Section],
    on_paper: Sequence[verdicts.Verdict],
    grids: Sequence[Grid],
    sweep: Sweep | None,
) -> dict[str, str]:
    cells = [row for s in sections for row in formats.tidy_tables(s.variant, s.tables)]
    judged = [row for s in sections for row in formats.tidy_verdicts(s.variant.label, "our runs", s.verdicts)]
    judged += formats.tidy_verdicts("", "the paper's tables", on_paper)
    texts = {
        "tables.md": "\n".join(map(text_tables.markdown, grids)),
        "tables.tex": "\n".join(map(text_tables.latex, grids)),
    }
    if sections:
        texts |= {"tables.csv": csv_text(cells, DIGITS), "claims.csv": csv_text(judged, DIGITS)}
    if sweep:
        texts["settings.csv"] = csv_text(sweep.tidy(), DIGITS)
    return texts


def _images(
    papers: Sequence[Variant], variants: Sequence[Variant], sweep: Sweep | None, folder: Path
) -> Iterator[Image]:
    with rc_context(SETTINGS):
        for drawing in sweep_figures(sweep) if sweep else ():
            yield image_of(drawing, save(drawing.figure, folder, drawing.stem) if drawing.figure else None)
        for number, variant in enumerate(papers[:1] or variants[:DRAWN]):
            words = "" if papers or sweep is None else sweep.label_of(variant.all_runs)
            yield from _of_variant(variant, folder, words, f"-{number + 1}" if number else "")


def _of_variant(variant: Variant, folder: Path, words: str, suffix: str) -> Iterator[Image]:
    """Yield the figures of runs of one setting, with their label where they are not the paper's."""
    for drawing in all_figures(variant):
        title = f"{FIGURE.sub('', drawing.title)} ({words})" if words else drawing.title
        named = drawing._replace(title=title, stem=drawing.stem + suffix)
        yield image_of(named, save(named.figure, folder, named.stem) if named.figure else None)
    for stem, caption, gif in films(variant):
        write_bytes(folder / f"{file_stem(stem + suffix)}.gif", gif)
        title = "Film of embeddings and centroids" + (f" ({words})" if words else "")
        yield Image(title, caption, data_uri(gif, "gif"))


def _cells(runs: Sequence[Run]) -> Iterator[dict[str, Any]]:
    """Yield what each run is, how it was made and what it measured."""
    for run in runs:
        kept = ("metrics", "per_class", "seconds", "versions", "config_hash")
        yield {
            "folder": run.folder.name,
            "status": run.status,
            "cause": run.cause or None,
            "data": run.cell.data,
            "lambda": run.cell.weight,
            "embedding_dim": run.cell.embedding_dim,
            "normalize": run.cell.normalize,
            "seed": run.seed,
            **{key: run.results[key] for key in kept if key in run.results},
        }

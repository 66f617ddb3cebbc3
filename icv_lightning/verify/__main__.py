"""The command `python -m icv_lightning.verify`: are two pictures of one person, by a trained network."""

import argparse
import json
import logging
from collections.abc import Mapping
from pathlib import Path

from icv_lightning.command_line import CHECKPOINT, add_trust, checkpoint, number, with_trust
from icv_lightning.errors import UserError, naming
from icv_lightning.records.files import write_text
from icv_lightning.terminal.exit_status import run


def main() -> None:
    """Measure a checkpoint or all runs of a folder; exit with 0, 1, 2 (a wrong argument) or 130 (stopped)."""
    run(parser(), with_trust(_measure))


def _measure(arguments: argparse.Namespace) -> int:
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    if arguments.checkpoint:
        _one(arguments)
    else:
        _all(arguments)
    return 0


def parser() -> argparse.ArgumentParser:
    """Return the parser of the arguments."""
    found = argparse.ArgumentParser(
        prog="python -m icv_lightning.verify",
        description="Verification and identification of persons that training never saw: accuracy over "
        "folds, ROC, AUC, EER, TAR at FARs, rank-1, open set; Euclidean and cosine distance.",
    )
    what = found.add_mutually_exclusive_group(required=True)
    what.add_argument("folder", nargs="?", type=Path, help="folder of a grid, e.g. outputs/orl_verification")
    what.add_argument("--checkpoint", type=checkpoint, help=CHECKPOINT)
    found.add_argument(
        "--pairs",
        type=Path,
        help="in LFW's format, or lines (text, CSV, TSV) of two paths and 1 (one person) or 0; else pairs "
        "are drawn by --seed",
    )
    found.add_argument("--images", type=Path, help="a folder of persons; else those that the run kept")
    found.add_argument(
        "--crop", type=_share, help="share of --images kept by the central crop; else the run's"
    )
    found.add_argument(
        "--out",
        type=Path,
        help="folder to write to (default: verification/ in the run, or beside a lone checkpoint)",
    )
    found.add_argument("--data-root", help="folder of data sets, if not where the runs found them")
    found.add_argument("--flip", action="store_true", help="average with the embedding of the mirror image")
    found.add_argument("--seed", type=number(int, 0), default=0, help="seed of the drawn pairs (default: 0)")
    found.add_argument("--folds", type=number(int, 2), default=10, help="folds of the accuracy (default: 10)")
    found.add_argument(
        "--each", type=number(int, 1), default=300, help="genuine pairs per fold (default: 300)"
    )
    add_trust(found)
    return found


def _share(text: str) -> float:
    if not 0 < float(text) <= 1:
        raise ValueError
    return float(text)


def _one(arguments: argparse.Namespace) -> None:
    from icv_lightning.evaluation.verification import DISTANCES
    from icv_lightning.report.figures.style import save_png
    from icv_lightning.verify.figure import roc_figure
    from icv_lightning.verify.pair_lists import pairs_in
    from icv_lightning.verify.pictures import Verifier
    from icv_lightning.verify.study import FAR_GRID, FOLDER, Protocol, measure_pairs, measure_persons

    named = pairs_in(arguments.pairs, arguments.images) if arguments.pairs else None
    verifier = Verifier(
        arguments.checkpoint, arguments.images, arguments.data_root, arguments.flip, arguments.crop
    )
    found, curves = {}, {}
    protocol = Protocol(arguments.folds, arguments.each, arguments.seed, arguments.flip)
    part, pairs = verifier.pairs(named) if named else (verifier.persons(), None)
    for distance in DISTANCES:
        with naming(f"{arguments.checkpoint}: "):
            found[distance], tars = (
                measure_pairs(part, pairs, distance) if pairs else measure_persons(part, protocol, distance)
            )
        curves[distance] = {0: tars}
    run = arguments.checkpoint.parent.parent if verifier.results else arguments.checkpoint.parent
    out = arguments.out or run / FOLDER
    write_text(out / "measures.json", json.dumps(found, indent=1) + "\n")
    save_png(roc_figure(FAR_GRID, curves), out / "roc.png")
    _show(found)
    print(out / "measures.json")


def _all(arguments: argparse.Namespace) -> None:
    from icv_lightning.verify.gathered import table
    from icv_lightning.verify.study import FOLDER, Protocol, evaluate

    for option in ("pairs", "images", "crop", "out"):
        if getattr(arguments, option) is not None:
            raise UserError(f"--{option}: needs --checkpoint")
    protocol = Protocol(arguments.folds, arguments.each, arguments.seed, arguments.flip)
    rows = evaluate(arguments.folder, protocol, arguments.data_root)
    print(table(rows))
    print(arguments.folder / FOLDER / "results.csv")


def _show(found: Mapping[str, Mapping[str, float]]) -> None:
    from rich.console import Console
    from rich.table import Table

    columns = Table("measure", *found)
    for key in next(iter(found.values())):
        columns.add_row(key, *(f"{values[key]:.4f}" for values in found.values()))
    Console(soft_wrap=True).print(columns)


if __name__ == "__main__":
    main()

"""A run's persons to verify measured by one protocol, and all runs of a folder gathered into a table."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from icv_lightning.errors import UserError, naming
from icv_lightning.evaluation.verification import (
    DISTANCES,
    pair_scores,
    roc,
    tar_at_far,
    verification_measures,
)
from icv_lightning.records.axes import other_settings
from icv_lightning.records.checkpoints import checkpoint_file
from icv_lightning.records.csv_files import csv_text
from icv_lightning.records.files import write_text
from icv_lightning.records.places import data_settings
from icv_lightning.records.results import measured_once, read_results
from icv_lightning.records.runs import read_runs
from icv_lightning.report.figures.style import save_png
from icv_lightning.unseen.episodes import Embedded
from icv_lightning.unseen.gathered import Rows
from icv_lightning.unseen.spaces import embedded, raw_pixels
from icv_lightning.unseen.study import Split, completed_runs, left_some_out
from icv_lightning.verify.figure import roc_figure
from icv_lightning.verify.gathered import RAW, by_fold, conditions, table, values
from icv_lightning.verify.identification import identification
from icv_lightning.verify.pairs import PICTURES, Pairs, all_pairs, draw_pairs
from icv_lightning.verify.pictures import Verifier, unseen_pictures

BLOCK = 2**23  # numbers of one end of the pairs held at once, 64 MB
FOLDER = "verification"  # folder below a run's or a grid's
Tars = list[float | None]
OF_RAW = {"method": RAW, "seed": 0} | dict.fromkeys(
    ("embedding_dim", "normalize", "centroids", "lambda", "settings"), ""
)
COLUMNS = ("data.name", "data.fold", "centroids.name", "loss.lambda")  # keys that columns of their own hold
FAR_GRID = tuple(np.logspace(-4, 0, 81).tolist())  # where curves of several runs are averaged


@dataclass(frozen=True)
class Protocol:
    """How persons are verified.

    Attributes:
        folds: number of folds of the accuracy.
        each: genuine pairs of a fold, and as many of impostors.
        seed: seed of the pairs and of the enrolled pictures.
        flip: average the embeddings of a picture and of its mirror image.
        shots: pictures enrolled of each person.
        draws: how many times they are drawn.
    """

    folds: int = 10
    each: int = 300
    seed: int = 0
    flip: bool = False
    shots: int = 1
    draws: int = 10


def measure_pairs(part: Embedded, pairs: Pairs, distance: str) -> tuple[Mapping[str, float], Tars]:
    """Return the measures of pairs by name, accuracy where there are two folds or more, and their ROC.

    The ROC is the TAR at each FAR of `FAR_GRID`, without interpolation, None where that lets no impostor
    pair through.
    """
    scores = _scores(part, pairs, distance)
    fold = pairs.fold if pairs.fold.max() > 0 else None
    curve, impostors = roc(scores, pairs.genuine), int((~pairs.genuine).sum())
    tars = [tar_at_far(curve, far) if far * impostors >= 1 - 1e-9 else None for far in FAR_GRID]
    return verification_measures(scores, pairs.genuine, fold), tars


def _scores(part: Embedded, pairs: Pairs, distance: str) -> np.ndarray:
    """Return the scores of the pairs; a million pairs of raw pixels would not fit the memory."""
    rows = max(1, BLOCK // part.embeddings.shape[1])
    blocks = [slice(start, start + rows) for start in range(0, len(pairs.first), rows)]
    ends = ((part.embeddings[pairs.first[b]], part.embeddings[pairs.second[b]]) for b in blocks)
    return np.concatenate([pair_scores(first, second, distance) for first, second in ends])


def measure_persons(part: Embedded, protocol: Protocol, distance: str) -> tuple[Mapping[str, float], Tars]:
    """Return all measures of persons by name, and their ROC.

    Accuracy is that of pairs drawn; ROC and what is read from it that of all pairs, or of those drawn where
    there are more than 2,000 pictures.

    Raises:
        ValueError: too few persons or pictures for the protocol.
    """
    target = part.target.numpy()
    found, tars = measure_pairs(
        part, draw_pairs(target, protocol.folds, protocol.each, protocol.seed), distance
    )
    if len(target) <= PICTURES:
        of_all, tars = measure_pairs(part, all_pairs(target), distance)
        found = {**found, **of_all}
    return {**found, **identification(part, distance, protocol.shots, protocol.draws)}, tars


def measure_run(run: Path, protocol: Protocol, root: str | None) -> Rows:
    """Return a row for each distance and measure of a run's own persons to verify, the ROC among them."""
    part = Verifier(checkpoint_file(run), root=root, flip=protocol.flip).persons()
    return _measured(part, protocol, str(run))


def measure_pixels(settings: Mapping[str, Any], protocol: Protocol) -> Rows:
    """Return the same of the persons' raw pixels, without a network."""
    return _measured(embedded(raw_pixels, unseen_pictures(settings)), protocol, f"data={settings['name']}")


def evaluate(folder: Path, protocol: Protocol, root: str | None = None) -> Rows:
    """Measure every completed run below `folder` into `<folder>/verification/` and return all rows.

    Raw pixels stand beside the runs. A JSON file a run (what was measured by the same protocol is not
    measured again), `results.csv`, `table.md` and `roc.png`.

    Raises:
        UserError: no completed run, or one that kept no persons to verify.
    """
    runs = completed_runs(folder, "outputs/orl_verification")
    for run in runs:
        if not left_some_out(_data_settings(run, root)):
            raise UserError(f"{run}: kept no persons to verify; give --checkpoint and --images, or --pairs")
    place, others = folder / FOLDER, other_settings(read_runs([folder]), COLUMNS)
    rows: Rows = []
    for run in runs:
        fields, settings = _fields(run) | {"settings": others[run.name]}, _data_settings(run, root)
        name = f"{RAW}-{Split(settings).key}".replace(" ", "_")
        if not any(row["method"] == RAW and row["fold"] == fields["fold"] for row in rows):
            measured = measured_once(
                place / f"{name}.json", protocol, partial(measure_pixels, settings, protocol)
            )
            rows += [fields | OF_RAW | row for row in measured]
        measured = measured_once(
            place / f"{run.name}.json", protocol, partial(measure_run, run, protocol, root)
        )
        rows += [fields | row for row in measured]
    write_text(place / "results.csv", csv_text((row for row in rows if row["measure"] != "roc"), digits=6))
    write_text(place / "table.md", table(rows))
    curves = {name: by_fold(values(chosen, "roc")) for name, chosen in conditions(rows).items()}
    save_png(roc_figure(FAR_GRID, curves), place / "roc.png")
    return rows


def _measured(part: Embedded, protocol: Protocol, what: str) -> Rows:
    rows: Rows = []
    for distance in DISTANCES:
        with naming(f"{what}: "):
            found, tars = measure_persons(part, protocol, distance)
        rows += [{"distance": distance, "measure": key, "value": value} for key, value in found.items()]
        rows += [{"distance": distance, "measure": "roc", "value": tars}]
    return rows


def _data_settings(run: Path, root: str | None = None) -> dict[str, Any]:
    """Return the data settings of a run, less the seed, which changes nothing in persons to verify."""
    return data_settings(run, root) | {"seed": 0}


def _fields(run: Path) -> dict[str, Any]:
    cell = (read_results(run) or {})["cell"]
    same = ("data", "seed", "embedding_dim", "normalize", "centroids", "lambda")
    fields = {key: cell[key] for key in same}
    return {"method": "network", **fields, "fold": _data_settings(run).get("fold")}

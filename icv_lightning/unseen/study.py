"""All runs of a folder on classes that they never saw: each measured once, then gathered for the report."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from icv_lightning.building import recorded_datamodule
from icv_lightning.configuration.provenance import contents_changed, pictures_changed
from icv_lightning.data import ImageDataModule
from icv_lightning.data.disjoint import DisjointDataModule
from icv_lightning.data.images import InMemoryImages
from icv_lightning.errors import UserError, naming
from icv_lightning.escaping import file_stem
from icv_lightning.evaluation.distances import DISTANCES
from icv_lightning.recognition.checkpoint import load_checkpoint
from icv_lightning.records.axes import other_settings
from icv_lightning.records.checkpoints import checkpoint_file
from icv_lightning.records.csv_files import csv_text
from icv_lightning.records.files import write_text
from icv_lightning.records.places import data_settings
from icv_lightning.records.results import is_completed, measured_once, read_results
from icv_lightning.records.runs import read_runs
from icv_lightning.report.figures.style import save_png
from icv_lightning.unseen.episodes import measure
from icv_lightning.unseen.figure import accuracy_figure
from icv_lightning.unseen.gathered import COLUMNS, Rows, evidence
from icv_lightning.unseen.spaces import Space, baselines, embedded, of_network

FOLDER = "unseen"  # folder below the grid's
Parts = tuple[InMemoryImages, InMemoryImages, InMemoryImages]


@dataclass(frozen=True)
class Protocol:
    """How classes are enrolled.

    Attributes:
        ways: how many new classes at once; 0 for all that there are.
        shots: images of each.
        draws: how many times each setting is drawn.
        images: use the first so many of each class and part; 0 for all.
    """

    ways: tuple[int, ...] = (0,)
    shots: tuple[int, ...] = (1, 5, 20)
    draws: int = 20
    images: int = 0


@dataclass(frozen=True)
class Split:
    """One choice of classes to train on: the `data` settings of a run."""

    settings: Mapping[str, Any]

    @property
    def key(self) -> str:
        """Return eight digits that tell this choice from others."""
        settings = {key: value for key, value in self.settings.items() if key != "root"}
        return hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:8]

    @property
    def trained_on(self) -> str:
        """Say which classes training saw."""
        classes = self.settings.get("classes")
        if self.settings.get("fold") is not None:
            return f"fold {self.settings['fold']}"
        return " ".join(map(str, classes)) if classes else str(self.settings.get("subset", ""))

    def measure(self, space: Space, distances: Iterable[str], protocol: Protocol) -> Rows:
        """Return what an embedding space is worth."""
        parts = _parts(json.dumps(self.settings))
        train, known, new = (embedded(space, part, protocol.images) for part in parts)
        classes = len(set(new.target.tolist()))
        settings = [(ways or classes, shots) for ways in protocol.ways for shots in protocol.shots]
        with naming(f"data={self.settings['name']}: "):
            return [
                row._asdict()
                for distance in distances
                for row in measure(train, known, new, distance, settings, protocol.draws)
            ]

    def measure_run(self, run: Path, protocol: Protocol) -> Rows:
        """Return what the network of a run is worth, by every distance; raise as `check_pictures` does."""
        check_pictures(run, contents_changed(_provenance(run), _loaded(json.dumps(self.settings))))
        module = load_checkpoint(checkpoint_file(run))
        return self.measure(of_network(module), DISTANCES, protocol)

    def measure_baselines(self, embedding_dim: int, protocol: Protocol) -> Rows:
        """Return what raw pixels, PCA and LDA are worth, by Euclidean distance."""
        spaces = baselines(_parts(json.dumps(self.settings))[0], embedding_dim)
        return [
            {"method": name, **row}
            for name, space in spaces.items()
            for row in self.measure(space, ["euclidean"], protocol)
        ]


def evaluate(folder: Path, protocol: Protocol, root: str | None = None) -> Rows:
    """Measure every completed run below `folder`, and baselines, into `<folder>/unseen/`.

    A JSON file a run (what was measured by the same protocol is not measured again), `results.csv` with all
    values, `evidence.json` by which the report judges claim 12, `accuracy.png`.

    Args:
        folder: the grid's folder.
        protocol: how classes are enrolled.
        root: folder of data sets, if not where the runs found them.

    Raises:
        UserError: no completed run, none left out of training, or a protocol that the data cannot serve.
    """
    found = {run: read_results(run) or {} for run in completed_runs(folder, "outputs/unseen_mnist")}
    place = folder / FOLDER
    splits = {run: Split(data_settings(run, root)) for run in found}
    for split in {split.key: split for split in splits.values()}.values():
        if not left_some_out(split.settings):
            name = split.settings["name"]
            raise UserError(f"data={name}: trained on all classes; unseen ones need data.classes=[…]")
    for run, split in splits.items():
        check_pictures(run, pictures_changed(_provenance(run), split.settings))
    others = other_settings(read_runs([folder]), COLUMNS)
    rows: dict[str, Rows] = {}
    for run, split in sorted(splits.items(), key=lambda item: (item[1].key, item[0])):
        config, data = found[run]["config"], split.settings
        dim = config["model"]["embedding_dim"]
        fixed = {"data": data["name"], "trained_on": split.trained_on}
        fixed |= {"seed": data["seed"], "embedding_dim": dim}
        own = {
            "normalize": config["model"]["normalize"],
            "lambda": float(config["loss"]["lambda"]),
            "settings": others[run.name],
        }
        name = file_stem(f"baselines-{data['name']}-d{dim}-{split.key}")
        if name not in rows:
            measured = measured_once(
                place / f"{name}.json", protocol, partial(split.measure_baselines, dim, protocol)
            )
            rows[name] = [fixed | dict.fromkeys(own, "") | row for row in measured]
        measured = measured_once(
            place / f"{run.name}.json", protocol, partial(split.measure_run, run, protocol)
        )
        rows[run.name] = [fixed | own | {"method": "network"} | row for row in measured]
    gathered = [row for name in sorted(rows) for row in rows[name]]
    write_text(place / "results.csv", csv_text(gathered, digits=6))
    write_text(place / "evidence.json", json.dumps(evidence(gathered), indent=1) + "\n")
    save_png(accuracy_figure(gathered), place / "accuracy.png")
    return gathered


def completed_runs(folder: Path, example: str) -> list[Path]:
    """Return the folders of the completed runs in a grid's folder; raise `UserError` where there is none."""
    if runs := sorted(run for run in folder.glob("*/") if is_completed(run)):
        return runs
    raise UserError(f"{folder}: no completed run in it; give a grid's folder, e.g. {example}")


def check_pictures(run: Path, changed: list[str]) -> None:
    """Raise `UserError` where the pictures are not those that a run was trained on."""
    if changed:
        raise UserError(f"{run}: cannot be measured: {'; '.join(changed)}")


def _provenance(run: Path) -> Any:
    return (read_results(run) or {}).get("provenance")


def left_some_out(settings: Mapping[str, Any]) -> bool:
    """Tell whether a run with these data settings left classes or persons out of training."""
    data = recorded_datamodule(settings)
    if isinstance(data, DisjointDataModule):  # which needs not decode what it trained on
        return bool(data.kept_out().names)
    data.setup()
    return len(data.unseen()) > 0


@lru_cache(maxsize=1)  # runs of one choice of classes come one after another
def _loaded(settings: str) -> ImageDataModule:
    data = recorded_datamodule(json.loads(settings))
    data.setup()
    return data


@lru_cache(maxsize=1)
def _parts(settings: str) -> Parts:
    """Return training images, test images of the same classes, images of new classes."""
    data = _loaded(settings)
    return data.train_part, data.test_part, data.unseen()

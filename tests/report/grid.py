"""Folders of runs as a grid leaves them, written in milliseconds: what the report is tested on."""

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from icv_lightning.evaluation.geometry import spacing
from icv_lightning.evaluation.measured import by_epoch, last_epoch
from icv_lightning.records.cells import Cell
from icv_lightning.records.measured import test_values, write_measured
from icv_lightning.records.snapshots import Snapshot, read_snapshot

FASHION = [
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
]
PAPER_CELLS = [
    Cell(data, weight, dim, unit)
    for data in ("mnist", "fashion_mnist")
    for weight in (0.0, 0.05, 0.5, 1.0)
    for dim in (2, 4)
    for unit in (False, True)
]


def config_of(cell: Cell, seed: int = 0, epochs: int = 20, **changes: Any) -> dict[str, Any]:
    """Return the groups of a run's configuration, `changes` by dotted key with __ for the dots."""
    config: dict[str, Any] = {
        "seed": seed,
        "data": {
            "_target_": "icv_lightning.data.MNISTDataModule", "name": cell.data, "root": "data",
            "num_classes": 10, "batch_size": 256, "eval_batch_size": 1000, "val_size": 0, "transform": None,
            "seed": seed,
        },
        "model": {
            "name": "convnet", "embedding_dim": cell.embedding_dim, "normalize": cell.normalize,
            "net": {"normalize": cell.normalize, "dropout": 0.5, "widths": [32, 64]},
            "head": {"embedding_dim": cell.embedding_dim, "normalized": cell.normalize, "scale": 10.0},
        },
        "centroids": {"name": "learned", "layer": {"_target_": "icv_lightning.centroids.LearnedCentroids"}},
        "loss": {"name": "icv", "lambda": cell.weight, "criterion": {"weight": cell.weight}},
        "optimizer": {"lr": 0.001, "centroid_lr": None, "algorithm": {"_target_": "torch.optim.Adam"}},
        "trainer": {"max_epochs": epochs, "accelerator": "auto", "precision": "32-true"},
    }  # fmt: skip
    for key, value in changes.items():
        *groups, last = key.split("__")
        node = config
        for group in groups:
            node = node.setdefault(group, {})
        node[last] = value
    return config


def write_run(
    grid: Path, cell: Cell, seed: int = 0, metrics: Mapping[str, float] | None = None, epochs: int = 20,
    status: str = "completed", snapshots: Iterable[dict[str, np.ndarray]] = (), suffix: str = "00000000",
    curve: Mapping[str, list[float]] | None = None, class_names: list[str] | None = None, **changes: Any,
) -> Path:  # fmt: skip
    """Write one run's folder; `metrics` by name without `test/`, `curve` the same by epoch."""
    config = config_of(cell, seed, epochs, **changes)
    shape = "norm" if cell.normalize else "raw"
    rule = config["centroids"]["name"]
    name = f"{cell.data}-d{cell.embedding_dim}-{shape}-l{cell.weight:g}-{rule}-s{seed}-{suffix}"
    folder = grid / name
    (folder / "embeddings").mkdir(parents=True)
    columns = {f"test/{key}": values for key, values in (curve or {}).items()}
    if spread := write_snapshots(folder, snapshots):
        columns |= {f"train/{key}": [row[key] for row in spread] for key in spread[0]}
    if columns:
        rows = ["epoch,step," + ",".join(columns)]
        rows += [
            f"{e},{e}," + ",".join(map(str, values))
            for e, values in enumerate(zip(*columns.values(), strict=True), 1)
        ]
        (folder / "metrics.csv").write_text("\n".join(rows) + "\n")
    if status in ("completed", "failed"):
        fields = {"data": cell.data, "lambda": cell.weight, "embedding_dim": cell.embedding_dim}
        fields |= {"normalize": cell.normalize, "centroids": rule, "loss": "icv", "seed": seed}
        results: dict[str, Any] = {
            "status": status,
            "cell": fields,
            "config": config,
            "config_hash": suffix * 8,
        }
        results |= {
            "versions": {"torch": "2.11.0"},
            "seconds": 1.5,
            "class_names": class_names or list("0123456789"),
        }
        if status == "failed":
            results |= {"cause": "ValueError: loss is nan", "step": 17}
        results["metrics"] = {f"test/{key}": value for key, value in (metrics or {}).items()}
        finite = {key: value for key, value in test_values(folder).items() if np.isfinite(value)}
        results["measures"] = finite
        (folder / "results.json").write_text(json.dumps(results))
    (folder / ".hydra").mkdir()
    (folder / ".hydra" / "config.yaml").write_text(json.dumps(config))  # JSON is YAML
    return folder


def write_snapshots(folder: Path, snapshots: Iterable[dict[str, np.ndarray]]) -> list[dict[str, float]]:
    """Write snapshots, and measured.npz of the last; return what is measured by epoch."""
    spread = []
    for epoch, arrays in enumerate(snapshots, start=1):
        path = folder / "embeddings" / f"epoch_{epoch:03d}.npz"
        np.savez(path, **arrays)
        snapshot = read_snapshot(path)
        assert snapshot is not None
        spread.append(by_epoch(snapshot) | within(snapshot))
        write_measured(folder, last_epoch(snapshot))
    return spread


def within_components(snapshot: Snapshot) -> np.ndarray:
    """Return the standard deviations along the principal axes of R_w (train), largest first, in spacings."""
    points = snapshot.train_embeddings.astype(np.float64)
    centred = points - snapshot.class_means.astype(np.float64)[snapshot.train_target]
    eigenvalues = np.linalg.eigvalsh(centred.T @ centred / len(centred))[::-1]
    components: np.ndarray = np.sqrt(eigenvalues.clip(min=0)) / spacing(snapshot.class_means)
    return components


def within(snapshot: Snapshot) -> dict[str, float]:
    """Return what a run logs of the within-class covariance."""
    variances = (within_components(snapshot) * spacing(snapshot.class_means)) ** 2
    shares = {f"within_pc{i}": v / variances.sum() for i, v in enumerate(variances[:2], start=1)}
    return {"var_within": float(variances.sum()), **shares}


def same(value: float) -> dict[str, float]:
    """Return all three accuracies with one value."""
    return dict.fromkeys(("acc", "acc_nearest_class_mean", "acc_nearest_centroid"), value)


def write_grid(
    grid: Path,
    accuracy: Callable[[Cell, int], float],
    seeds: int = 3,
    cells: Iterable[Cell] = tuple(PAPER_CELLS),
) -> Path:
    """Write runs with results alone, seeds from 1: all three accuracies are `accuracy(cell, seed)`."""
    for cell in cells:
        for seed in range(1, seeds + 1):
            write_run(grid, cell, seed, same(accuracy(cell, seed)))
    return grid


def embed(cell: Cell, seed: int, train: int, test: int, progress: float = 1.0) -> dict[str, np.ndarray]:
    """Return a snapshot: cross-entropy's long rays or ICV's round clusters, a few test images misplaced."""
    rng = np.random.default_rng([seed, cell.embedding_dim, int(100 * cell.weight), cell.normalize])
    angles = 2 * np.pi * np.arange(10) / 10 + 0.05 * rng.normal(size=10)
    centres = np.column_stack([np.cos(angles), np.sin(angles)])
    if cell.embedding_dim == 4:
        centres = np.column_stack([centres, 0.6 * rng.normal(size=(10, 2))])
    arrays: dict[str, np.ndarray] = {}
    for part, count in (("train", train), ("test", test)):
        target = np.random.default_rng(count).permutation(np.arange(count) % 10)
        points = centres[target]
        if cell.weight == 0:
            points = points * (1 + progress * rng.lognormal(0.4, 0.5, (count, 1))) + 0.12 * rng.normal(
                size=points.shape
            )
        else:
            points = points + 0.1 * (1.5 - progress) * rng.normal(size=points.shape)
        wrong = rng.random(count) < 0.03
        points = np.where(wrong[:, None], np.roll(points, 1, axis=0), points)
        if cell.normalize:
            points = points / np.linalg.norm(points, axis=1, keepdims=True)
        scale = 1 if cell.normalize else 5 * progress
        arrays |= {f"{part}_embeddings": (scale * points).astype(np.float32), f"{part}_target": target,
                   f"{part}_index": np.arange(count)}  # fmt: skip
        arrays[f"{part}_preds"] = np.where(wrong, np.roll(target, 1), target)
    del arrays["train_preds"]
    means = np.stack([arrays["train_embeddings"][arrays["train_target"] == k].mean(0) for k in range(10)])
    lag = 0.6 if cell.weight == 0 else 0.02
    return arrays | {"class_means": means, "centroids": ((1 - lag) * means).astype(np.float32)}


def write_images(grid: Path, data: str, train: int, test: int) -> None:
    """Write the pictures: a bright square whose place tells the class."""
    rng = np.random.default_rng(0)
    images = {f"{part}_images": rng.integers(0, 90, (count, 1, 28, 28), dtype=np.uint8)
              for part, count in (("train", train), ("test", test))}  # fmt: skip
    names = FASHION if data == "fashion_mnist" else [str(k) for k in range(10)]
    index = {"train_index": np.arange(train), "test_index": np.arange(test)}
    np.savez_compressed(grid / f"images-{data}.npz", class_names=np.array(names), **images, **index)


def write_whole_grid(
    grid: Path, seeds: int = 1, epochs: int = 20, train: int = 1000, test: int = 1000,
    cells: Iterable[Cell] = tuple(PAPER_CELLS),
) -> Path:  # fmt: skip
    """Write runs with snapshots, curves and images, as a real grid leaves them."""
    grid.mkdir(parents=True, exist_ok=True)
    cells = list(cells)
    for data in {cell.data for cell in cells}:
        write_images(grid, data, train, test)
    for cell in cells:
        for seed in range(seeds):
            rise = [1 - np.exp(-3 * (e + 1) / epochs) for e in range(epochs)]
            final = (
                0.97
                - 0.05 * (cell.data != "mnist")
                - 0.04 * (cell.weight == 0)
                + 0.002 * np.sin(seed + cell.weight)
            )
            curve = {key: [float(final * r) for r in rise] for key in same(0)}
            snapshots = (embed(cell, seed, train, test, r) for r in rise)
            names = FASHION if cell.data == "fashion_mnist" else None
            write_run(
                grid,
                cell,
                seed,
                same(float(final)),
                epochs,
                snapshots=snapshots,
                curve=curve,
                class_names=names,
            )
    return grid

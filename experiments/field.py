"""The field's losses by the rules of "A Metric Learning Reality Check" (Musgrave, Belongie, Lim 2020).

    python -m experiments.field --dims 64 2 --outputs outputs

Same network for all. For each loss the same number of trials, the first its defaults, the others drawn
at random; each is trained on fewer images with a seed of its own and scored on a validation part of train
by nearest class mean. The best trial's settings are then trained on all 10,000 images with the seeds that
judge, and measured on test. Runs that are done are not done again, so the command may be stopped and
started. Writes `<outputs>/field.csv` (one row a judged run) and prints the table.
"""

import argparse
import contextlib
import csv
import io
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from icv_lightning.inference.intervals import t_interval
from icv_lightning.records.csv_files import csv_text
from icv_lightning.records.files import write_text
from icv_lightning.run import __main__ as run

SEARCH_SEED = 1000
SEARCH = (
    "data.val_size=2000",
    "data.train_size=5000",
    "trainer.max_epochs=3",
    "trainer.check_val_every_n_epoch=3",
    "+trainer.limit_test_batches=1",
    f"seed={SEARCH_SEED}",
)
NO_VALIDATION = "+trainer.limit_val_batches=0"  # of the runs that judge: the last epoch counts
SCORE = "val/acc_nearest_class_mean"
SHOWN = ("acc", "acc_nearest_class_mean", "recall_at_1", "map_at_r", "var_ratio")
Draw = Callable[[np.random.Generator], float]


def log_uniform(low: float, high: float) -> Draw:
    return lambda generator: float(f"{np.exp(generator.uniform(np.log(low), np.log(high))):.3g}")


def uniform(low: float, high: float) -> Draw:
    return lambda generator: float(f"{generator.uniform(low, high):.3g}")


def metric(name: str, *more: str, **space: Draw) -> tuple[tuple[str, ...], dict[str, Draw]]:
    found = {f"loss.{key}": draw for key, draw in space.items()}
    return ("loss=metric_learning", f"loss.name={name}", *more), found


RAW, PAIRS = "model.normalize=false", "data.per_class=32"
LOSSES: dict[str, tuple[tuple[str, ...], dict[str, Draw]]] = {
    "icv": (("loss=icv",), {"loss.lambda": log_uniform(0.005, 1)}),
    "ce": (("loss=icv", "loss.lambda=0"), {"model.head.scale": log_uniform(4, 64)}),
    "contrastive": metric("contrastive", PAIRS, margin=uniform(0.2, 1.5)),
    "triplet": metric("triplet", PAIRS, margin=uniform(0.02, 0.5)),
    "arcface": metric("arcface", margin=uniform(5, 40), scale=log_uniform(4, 64)),
    "cosface": metric("cosface", margin=uniform(0.05, 0.5), scale=log_uniform(4, 64)),
    "proxy_anchor": metric("proxy_anchor", margin=uniform(0.02, 0.3), scale=log_uniform(8, 64)),
    "supcon": metric("supcon", PAIRS, scale=log_uniform(2, 50)),
    "normalized_softmax": metric("normalized_softmax", scale=log_uniform(2, 50)),
    "icv_raw": (("loss=icv", RAW), {"loss.lambda": log_uniform(0.005, 1)}),
    "ce_raw": (("loss=icv", "loss.lambda=0", RAW), {}),
}


def trials(loss: str, number: int) -> list[list[str]]:
    """Return the settings of each trial: the defaults, then random draws, always the same."""
    space = {"optimizer.lr": log_uniform(3e-4, 1e-2)} | LOSSES[loss][1]
    generator = np.random.default_rng([SEARCH_SEED, *loss.encode()])
    drawn = [[f"{key}={draw(generator)}" for key, draw in space.items()] for _ in range(number - 1)]
    return [[], *drawn]


def results(folder: Path) -> Iterator[dict[str, Any]]:
    """Yield the completed runs of a folder."""
    for path in sorted(folder.glob("*/results.json")):
        found = json.loads(path.read_text()) | {"folder": path.parent}
        if found["status"] == "completed":
            yield found


def score(folder: Path) -> float:
    """Return the validation score of a run's last epoch; a failed run has none."""
    with (folder / "metrics.csv").open() as file:
        return max([float(row[SCORE]) for row in csv.DictReader(file) if row.get(SCORE)][-1:], default=-1.0)


def train(*overrides: str) -> None:
    """Run the command in this process, which spares its imports; its table is not shown."""
    sys.argv = ["run", "experiment=field", *overrides]
    status: Any = 0
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            run.main()
    except SystemExit as end:
        status = end.code
    print(f"{'failed' if status else 'done'}: {' '.join(overrides)}", flush=True)


def searched(loss: str, dim: int, number: int, outputs: Path, shared: list[str]) -> list[str]:
    """Return the settings that did best on validation, after running the trials."""
    best: tuple[float, list[str]] = (-2.0, [])
    for place, settings in enumerate(trials(loss, number)):
        name = f"field_search_d{dim}_{loss}_{place}"
        if not any(results(outputs / name)):
            train(*LOSSES[loss][0], f"name={name}", f"model.embedding_dim={dim}", *SEARCH, *settings, *shared)
        for found in results(outputs / name):
            best = max(best, (score(found["folder"]), settings))
    print(f"best of {loss}, N = {dim}: {best}", flush=True)
    return best[1]


def row(found: dict[str, Any], loss: str) -> dict[str, Any]:
    """Return what the table keeps of a run."""
    cell, config = found["cell"], found["config"]
    return {
        "loss": loss,
        "embedding_dim": cell["embedding_dim"],
        "seed": cell["seed"],
        "lr": config["optimizer"]["lr"],
        "lambda": cell["lambda"],
        "margin": config["loss"].get("margin"),
        "scale": config["loss"].get("scale"),
        "head_scale": config["model"]["head"]["scale"],
        "seconds": found["seconds"],
        "config_hash": found["config_hash"][:8],
        **found["metrics"],
    }


def table(outputs: Path, dims: list[int]) -> None:
    """Print mean ± 95 % t interval over seeds, and write one row a run."""
    rows = []
    for dim in dims:
        print(f"\nN = {dim}\n| loss | seeds | {' | '.join(SHOWN)} |\n|---|---|{'---|' * len(SHOWN)}")
        for loss in LOSSES:
            runs = [row(found, loss) for found in results(outputs / f"field_d{dim}_{loss}")]
            rows += runs
            if runs:
                intervals = [t_interval([r[f"test/{key}"] for r in runs]) for key in SHOWN]
                shown = " | ".join(f"{i.mean:.4f}" + f" ± {i.half:.4f}" * (i.n > 1) for i in intervals)
                print(f"| {loss} | {len(runs)} | {shown} |")
    keys = ["loss", "embedding_dim", "seed", "lr", "lambda", "margin", "scale", "head_scale", "seconds",
            "config_hash",
            *(f"test/{key}" for key in (*SHOWN, "r_precision", "var_within", "var_between"))]  # fmt: skip
    write_text(outputs / "field.csv", csv_text([{key: found.get(key) for key in keys} for found in rows]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--dims", type=int, nargs="+", default=[64, 2])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--trials", type=int, default=4)
    parser.add_argument("--losses", nargs="+", choices=LOSSES, default=list(LOSSES))
    parser.add_argument("--outputs", type=Path, default=Path("outputs"))
    parser.add_argument("--judged", nargs="*", default=[], help="settings of the judged runs alone")
    parser.add_argument("--table", action="store_true", help="train nothing")
    given, overrides = parser.parse_known_args()
    shared = [f"paths.outputs={given.outputs}", *overrides]
    for dim in [] if given.table else given.dims:
        best = {loss: searched(loss, dim, given.trials, given.outputs, shared) for loss in given.losses}
        for seed in given.seeds:
            for loss, settings in best.items():
                own = [f"name=field_d{dim}_{loss}", f"model.embedding_dim={dim}", f"seed={seed}"]
                train(*LOSSES[loss][0], *own, NO_VALIDATION, *settings, *shared, *given.judged)
    table(given.outputs, given.dims)


if __name__ == "__main__":
    main()

"""All that a GPU has to show, in one command: is it right, then P2, P3, P5 and the floor.

    python -m benchmarks.gpu [--parts correct captured record steps busy loading floor grid] [--workers 4 14]

correct   loss and gradient, the rules outside the gradient and the metrics on the GPU in float32 against
          float64 on the CPU; then a run on embedded digits through the command
captured  a run whose training step is a CUDA graph against one whose step runs as written, in float64
record    a cell against its record, the results.json that --record names
steps     P1 and P2 (`benchmarks.steps`), for both networks
busy      share of the time of training steps in which the GPU computes, by PyTorch's profiler
loading   P5 (`benchmarks.loading`)
floor     a step against what operations and bytes allow (`benchmarks.floor`), for both networks
grid      P3: the paper's 32 cells through the command, for each network and number of workers, and 32 times
          one cell in the style of public scripts (training alone)

Each part writes its JSON to outputs/benchmarks/ when it ends, so a stop loses nothing but the part at work.
Without a GPU everything runs on the CPU; overrides after `--grid` make the grid smaller.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch
from torch.profiler import ProfilerActivity, profile

from benchmarks import steps, written
from icv_lightning import BatchMeanCentroids, NearestCentroidAccuracy, OneByOneCentroids, hardware
from icv_lightning.losses import intra_class_variance
from icv_lightning.metrics.class_variance import ClassVariance

NETWORKS = ("convnet", "lenet_pp")
CELLS = 32
Row = tuple[str, float, str]


def differences() -> list[Row]:
    """Return the largest differences between the device in float32 and the CPU in float64."""
    torch.manual_seed(0)
    embeddings, centroids, target = torch.randn(256, 4), torch.randn(10, 4), torch.randint(10, (256,))
    places = (("cpu", torch.float64), (steps.DEVICE, torch.float32))
    found: dict[str, list[torch.Tensor]] = {}
    for device, dtype in places:
        z, c = (x.to(device, dtype, copy=True).requires_grad_() for x in (embeddings, centroids))
        y = target.to(device)
        loss = intra_class_variance(z, c, y)
        loss.backward()
        accuracy, variance = NearestCentroidAccuracy().to(device), ClassVariance(10, 4).to(device)
        accuracy.update(z.detach(), c.detach(), y)
        variance.update(z.detach(), y)
        kept = {"loss": loss.detach(), "gradient of z": z.grad, "gradient of C": c.grad}
        kept |= {"accuracy": accuracy.compute(), "var_within": variance.compute()["var_within"]}
        for rule in (BatchMeanCentroids(10, 4, 0.5), OneByOneCentroids(10, 4, 0.1)):
            rule = rule.to(device, dtype)
            rule.update(z.detach(), y)
            kept[type(rule).__name__] = rule()
        for name, value in kept.items():
            found.setdefault(name, []).append(value.detach().cpu().double())
    return [(name, float((a - b).abs().max()), "<= 1e-5") for name, (a, b) in found.items()]


def correct(given: argparse.Namespace) -> list[Row]:
    rows = differences()
    with tempfile.TemporaryDirectory() as folder:
        run(["data=digits", "trainer.max_epochs=10", "trainer=fast", "model.embedding_dim=8"], folder)
        (results,) = Path(folder).glob("*/*/results.json")
        accuracy = json.loads(results.read_text())["metrics"]["test/acc"]
    return [*rows, ("digits, accuracy after 10 epochs", accuracy, ">= 0.9")]


def captured(given: argparse.Namespace) -> list[Row]:
    found, graphs = [], 0
    for graph in ("auto", "off"):
        with tempfile.TemporaryDirectory() as folder:
            run(
                [
                    "data=digits",
                    "trainer.max_epochs=3",
                    "trainer.precision=64-true",
                    f"trainer.graph={graph}",
                ],
                folder,
            )
            (results,) = Path(folder).glob("*/*/results.json")
            found.append(json.loads(results.read_text())["metrics"])
            graphs += "is no CUDA graph" not in (results.parent / "run.log").read_text()
    apart = max(abs(found[0][key] - found[1][key]) for key in ("test/loss", "test/acc", "test/var_within"))
    return [
        ("graph and as written, largest difference", apart, "<= 1e-3"),
        ("runs without a refusal", graphs, ">= 2"),
    ]


def record(given: argparse.Namespace) -> list[Row]:
    if given.record is None:
        return []
    before = json.loads(given.record.read_text())
    cell, trainer = before["cell"], before["config"]["trainer"]
    overrides = [
        f"data={cell['data']}", f"model={cell['model']}", f"model.embedding_dim={cell['embedding_dim']}",
        f"model.normalize={str(cell['normalize']).lower()}", f"loss.lambda={cell['lambda']}",
        f"seed={cell['seed']}", f"trainer.max_epochs={trainer['max_epochs']}",
        "trainer=fast" if "bf16" in trainer["precision"] else "trainer=default",
    ]  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        seconds = run(overrides, folder)
        (results,) = Path(folder).glob("*/*/results.json")
        now = json.loads(results.read_text())["metrics"]
    keys = ("test/acc", "test/acc_nearest_centroid", "test/acc_nearest_class_mean")
    apart = max(abs(now[key] - before["metrics"][key]) for key in keys)
    return [
        ("a cell and its record, largest difference of an accuracy", apart, "<= 0.03"),
        ("the cell, s", seconds, ""),
    ]


def busy(given: argparse.Namespace) -> list[Row]:
    rows = []
    for network in NETWORKS:
        config = steps.composed([f"model={network}"])
        steps.ours(config, 30, hardware.fast_precision())  # compiled and cached kernels are not what is asked
        kinds = [ProfilerActivity.CUDA] if steps.DEVICE == "cuda" else [ProfilerActivity.CPU]
        with profile(activities=kinds) as profiler:
            started = time.perf_counter()
            images = steps.ours(config, 200, hardware.fast_precision())
            seconds = time.perf_counter() - started
        computing = sum(event.self_device_time_total for event in profiler.key_averages()) / 1e6
        steps_taken = 200 + steps.WARM_UP
        share = computing / steps_taken / (config.data.batch_size / images)
        rows += [
            (f"P2 {network}: GPU computes, share of a step", share, ">= 0.9"),
            (f"{network}: GPU computes, ms a step", 1e3 * computing / steps_taken, ""),
            (f"{network}: whole fit with set-up, s", seconds, ""),
        ]
    return rows


def run(overrides: list[str], folder: str) -> float:
    """Run the command into `folder`; return its seconds."""
    started = time.perf_counter()
    command = [sys.executable, "-m", "icv_lightning.run", *overrides, f"paths.outputs={folder}"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


def grid(given: argparse.Namespace) -> list[Row]:
    rows = []
    for network, goal in zip(NETWORKS, (1.5, 3), strict=True):
        overrides = [
            "-m",
            "experiment=paper_grid",
            "trainer=fast",
            f"model={network}",
            "callbacks.progress=null",
        ]
        config = steps.composed([f"model={network}"])
        images = CELLS * 20 * 60_000
        peer = images / steps.peer(config, 60, "32-true") / 60
        for workers in given.workers:
            launcher = ["hydra/launcher=joblib", f"workers={workers}"]
            with tempfile.TemporaryDirectory() as folder:
                minutes = run([*overrides, *launcher, *given.grid], folder) / 60
            name = f"P3 {network}, {workers} workers"
            rows += [
                (f"{name}, minutes", minutes, f"<= {goal}"),
                (f"{name}, cells a minute", CELLS / minutes, ""),
                (f"{name}, over peer style", peer / minutes, ">= 20"),
            ]
            written.out(f"gpu_grid_{network}_{workers}", rows[-3:], peer_minutes=peer, overrides=given.grid)
    return rows


def script(name: str, *arguments: str) -> None:
    """Run another benchmark, which writes its rows itself."""
    subprocess.run([sys.executable, "-m", f"benchmarks.{name}", *arguments], check=True)


def of_each_network(name: str) -> None:
    for network in NETWORKS:
        script(name, "--steps", "200", f"model={network}")


PARTS = {
    "correct": correct,
    "captured": captured,
    "record": record,
    "steps": lambda _: of_each_network("steps"),
    "busy": busy,
    "loading": lambda _: script("loading"),
    "floor": lambda _: of_each_network("floor"),
    "grid": grid,
}


RIGHT = ("correct", "captured", "record")  # a missed goal of these ends the command with 1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--workers", nargs="+", type=int, default=[1, 2, 4, 8, 14])
    parser.add_argument(
        "--grid", nargs="*", default=[], metavar="key=value", help="more overrides of the grid"
    )
    parser.add_argument("--record", type=Path, help="results.json of a cell to train again")
    given = parser.parse_args()
    print(f"device: {torch.cuda.get_device_name() if steps.DEVICE == 'cuda' else 'cpu'}", flush=True)
    wrong = 0
    for name in given.parts:
        print(f"== {name}", flush=True)
        if rows := PARTS[name](given):
            written.out(f"gpu_{name}", rows)
        wrong += name in RIGHT and any(written.met(seen, goal) is False for _, seen, goal in rows or ())
    sys.exit(int(wrong > 0))


if __name__ == "__main__":
    main()

"""What intra-class variance costs with many classes, beside a B x K formulation and a dense gather.

    python benchmarks/many_classes.py --json many_classes.json

Every variant is a process of its own with the same embeddings, centroids and target, one thread. Time: of
term and gradients, processor time (what other work on the machine disturbs least), median of the repeats,
and the least wall time. Memory: the highest sum of what torch allocated and had not freed while the term and
its gradients were computed once (torch's own profiler), over what was there before.

- distances: all B x K squared distances, of which a mask keeps B, each clamped, as the common PyTorch port of
  center loss has it.
- dense: the term here with an ordinary parameter: the gradient of the centroids is K x N.
- sparse: the term here with `sparse=True`: the gradient holds the rows of the batch.

Then the parts of a training step with a linear head over the same K classes and one optimizer, and nearest
centroid over all classes.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from icv_lightning import AdamWithSparseRows, LearnedCentroids, intra_class_variance, nearest_centroid

MB = 2**20


def distances(embeddings: Tensor, centroids: Tensor, target: Tensor) -> Tensor:
    """Return the term by way of all B x K squared distances and a mask."""
    classes = torch.arange(len(centroids))
    squared = (
        embeddings.square().sum(1, keepdim=True) + centroids.square().sum(1) - 2 * embeddings @ centroids.T
    )
    own = squared * (target[:, None] == classes).float()
    return own.clamp(min=1e-12, max=1e12).sum() / len(target)


VARIANTS: dict[str, tuple[Callable[[Tensor, Tensor, Tensor], Tensor], bool]] = {
    "distances": (distances, False),
    "dense": (intra_class_variance, False),
    "sparse": (intra_class_variance, True),
}


def problem(sizes: argparse.Namespace, sparse: bool) -> tuple[Tensor, LearnedCentroids, Tensor]:
    torch.manual_seed(0)
    embeddings = torch.randn(sizes.batch, sizes.dim, requires_grad=True)
    target = torch.randint(sizes.classes, (sizes.batch,))
    return embeddings, LearnedCentroids(sizes.classes, sizes.dim, init="normal", sparse=sparse), target


def milliseconds(work: Callable[[], Any], repeats: int) -> dict[str, float]:
    """Return the median processor time and the least wall time of `work`."""
    walls, times = [], []
    for _ in range(repeats + 1):  # the first is not counted
        started, spent = time.perf_counter(), time.process_time()
        work()
        walls.append(1000 * (time.perf_counter() - started))
        times.append(1000 * (time.process_time() - spent))
    return {"ms": statistics.median(times[1:]), "wall_ms": min(walls[1:])}


def peak_mb(work: Callable[[], Any]) -> float:
    """Return the peak of what torch allocates during `work`, in MiB."""
    with torch.profiler.profile(profile_memory=True, record_shapes=False) as profiler:
        work()
    held = peak = 0
    for event in profiler.profiler.kineto_results.events():
        if event.name() == "[memory]":
            held += event.nbytes()
            peak = max(peak, held)
    return peak / MB


def term(sizes: argparse.Namespace, name: str) -> dict[str, float]:
    """Return time and memory of a variant's term and gradients, in this process."""
    function, sparse = VARIANTS[name]
    embeddings, centroids, target = problem(sizes, sparse)

    def work() -> None:
        embeddings.grad = centroids.weight.grad = None
        function(embeddings, centroids(), target).backward()

    found = milliseconds(work, sizes.repeats)
    embeddings.grad = centroids.weight.grad = None
    return found | {"torch_mb": peak_mb(work)}


def step(sizes: argparse.Namespace, sparse: bool) -> dict[str, float]:
    """Return the processor times of a step's parts: head with cross-entropy, the term, the optimizer."""
    embeddings, centroids, target = problem(sizes, sparse)
    head = nn.Linear(sizes.dim, sizes.classes)
    parameters = [*head.parameters(), *centroids.parameters()]
    optimizer = (AdamWithSparseRows if sparse else torch.optim.Adam)(parameters)
    parts: dict[str, list[float]] = {"head_ms": [], "term_ms": [], "optimizer_ms": []}
    for _ in range(max(3, sizes.repeats // 4) + 1):
        optimizer.zero_grad()
        marks = [time.process_time()]
        nn.functional.cross_entropy(head(embeddings), target).backward()
        marks.append(time.process_time())
        (0.05 * intra_class_variance(embeddings, centroids(), target)).backward()
        marks.append(time.process_time())
        optimizer.step()
        marks.append(time.process_time())
        for part, start, stop in zip(parts, marks, marks[1:], strict=False):
            parts[part].append(1000 * (stop - start))
    found = {part: statistics.median(times[1:]) for part, times in parts.items()}
    return found | {"term_share": found["term_ms"] / sum(found.values())}


def nearest(sizes: argparse.Namespace) -> dict[str, float]:
    embeddings, centroids, _ = problem(sizes, False)

    def work() -> None:
        with torch.no_grad():
            nearest_centroid(embeddings, centroids())

    all_distances = sizes.batch * sizes.classes * 4 / MB
    return {**milliseconds(work, 1), "torch_mb": peak_mb(work), "all_distances_mb": all_distances}


def measured(sizes: argparse.Namespace, part: str) -> dict[str, float]:
    """Return a part's figures, from a process of its own."""
    given = [f"--{key}={getattr(sizes, key)}" for key in ("classes", "dim", "batch", "repeats")]
    command = [sys.executable, __file__, f"--part={part}", *given]
    done = subprocess.run(
        command, check=True, capture_output=True, text=True, env=os.environ | {"OMP_NUM_THREADS": "1"}
    )
    found: dict[str, float] = json.loads(done.stdout)
    print(f"{part:16}" + "".join(f"  {key} {value:.4g}" for key, value in found.items()), flush=True)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--classes", type=int, default=100_000)
    parser.add_argument("--dim", type=int, default=512)
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--only", nargs="+", help="these parts alone")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--part", help=argparse.SUPPRESS)
    sizes = parser.parse_args()
    parts: dict[str, Callable[[], dict[str, float]]] = {
        **{name: lambda name=name: term(sizes, name) for name in VARIANTS},
        "step_dense": lambda: step(sizes, sparse=False),
        "step_sparse": lambda: step(sizes, sparse=True),
        "nearest": lambda: nearest(sizes),
    }
    if sizes.part:
        print(json.dumps(parts[sizes.part]()))
        return
    shape = f"K = {sizes.classes}, N = {sizes.dim}, B = {sizes.batch}"
    print(f"{shape}; {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    found = {part: measured(sizes, part) for part in sizes.only or parts}
    for other in {"distances", "dense"} & set(found) if "sparse" in found else ():
        for unit in ("ms", "torch_mb"):
            print(f"{other} over sparse, {unit}: {found[other][unit] / found['sparse'][unit]:.0f}")
    if sizes.json:
        machine = {"processor": platform.processor(), "cores": os.cpu_count(), "torch": torch.__version__}
        asked = {"classes": sizes.classes, "dim": sizes.dim, "batch": sizes.batch, "repeats": sizes.repeats}
        sizes.json.write_text(json.dumps({**asked, **machine, "parts": found}, indent=1) + "\n")


if __name__ == "__main__":
    main()

"""What a training step and a grid take on a GPU: a model of launches, bytes, operations and fixed costs.

    python -m benchmarks.time_model

Operators, bytes and operations of a step are counted here. The constants of an H200 and its host were fitted
to figures that were seen there (commit f565800); the table holds each figure beside what the model says of it
and then the forecast for steps that are one CUDA graph. A figure that was fitted tests nothing.
"""

from typing import Any, NamedTuple
from unittest.mock import patch

import torch
from rich.console import Console
from rich.table import Table
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import FlopCounterMode

from benchmarks import steps, written

# Milliseconds of an H200's host for an operator: Python, autograd, one to three launches.
OPERATOR_BARE = 0.062  # in a bare loop; fitted to three steps
OPERATOR_LIGHTNING = 0.085  # inside Lightning's loop, its own work shared out; fitted to four steps
# The H200 itself; fitted to the two times that PyTorch's profiler saw.
OPERATOR_GPU = 0.0105  # ms of the kernels of an operator on small tensors
BYTES = 3.5e9  # a millisecond
OPERATIONS = 330e9  # a millisecond, of convolutions of this size in bfloat16
# Of a replayed step's host: what Lightning's step took beyond the bare loop (P2, `convnet`), and launches.
LOOP = 0.58
LAUNCH = 0.025
LAUNCHES = 8  # gather twice, copy twice, the order's piece, the graph (as two), classes seen
SCRIPT = {"convnet": 0.58, "lenet_pp": 1.03}  # ms of a cell-step in a script with graphs
PEER = {"convnet": 3.5 * 5.27, "lenet_pp": 1.4 * 10.24}  # ms of a step of peer style, from P1 as it was seen
STEPS, EPOCHS, CELLS, SEEDS = 235, 20, 32, 10
WORKERS = (1, 2, 4, 8, 14)
FIXED = 8.0  # s of a cell: evaluations, snapshots, checkpoints, final test
START = 12.0  # s of a grid: imports, settings, data, the GPU's context


class Counts(NamedTuple):
    """Of one step: operators that start kernels, bytes that they read and write, operations."""

    operators: int
    bytes: float
    operations: float


class Operators(TorchDispatchMode):
    """Count operators that compute, and the bytes of what they are given and return."""

    def __init__(self) -> None:
        super().__init__()
        self.number, self.bytes = 0, 0

    def __torch_dispatch__(self, operator: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = operator(*args, **(kwargs or {}))
        tensors = [x for x in tree_leaves((args, kwargs, result)) if isinstance(x, torch.Tensor)]
        made = (
            operator.namespace == "aten"
            and "empty" not in operator.name()
            and "detach" not in operator.name()
        )
        if made and tensors and not operator.is_view:
            self.number += 1
            self.bytes += sum(x.numel() * x.element_size() for x in tensors)
        return result


def counted(network: str, precision: str) -> Counts:
    """Return the counts of a training step of 256 images; nothing is computed for it.

    The optimizer's fused kernel is one operator, which reads four numbers for each weight and writes three.
    """
    config = steps.composed([f"model={network}"])
    module = steps.fresh_module(config)
    fake = FakeTensorMode(allow_non_fake_inputs=True)
    # classes of a batch are looked at on a CPU alone
    unseen = patch.object(torch.Tensor, "aminmax", lambda target: (0, 0))
    with unseen, fake, FlopCounterMode(display=False) as operations, Operators() as operators:
        images, target = torch.zeros(256, 1, 28, 28, dtype=torch.uint8), torch.zeros(256, dtype=torch.int64)
        operators.number = operators.bytes = 0
        with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16"):
            embeddings, logits = module(images)
        module.loss(logits, embeddings, module.centroids(), target)["loss"].backward()
    weights = 7 * 4 * sum(parameter.numel() for parameter in module.parameters())
    return Counts(operators.number + 1, operators.bytes + weights, operations.get_total_flops())


def counts_of_all() -> dict[tuple[str, str], Counts]:
    """Return the counts by network and precision."""
    return {(n, p): counted(n, p) for n in ("convnet", "lenet_pp") for p in ("32", "bf16")}


def gpu(counts: Counts) -> float:
    """Return the milliseconds that the GPU computes."""
    return counts.operators * OPERATOR_GPU + counts.bytes / BYTES + counts.operations / OPERATIONS


def bare(counts: Counts) -> float:
    return max(counts.operators * OPERATOR_BARE, gpu(counts))


def lightning(counts: Counts) -> float:
    return max(counts.operators * OPERATOR_LIGHTNING, gpu(counts))


def replayed(counts: Counts) -> float:
    return max(LOOP + LAUNCHES * LAUNCH, gpu(counts))


def cell(host: float, counts: Counts, workers: int) -> float:
    """Return the seconds of a cell beside others that take turns on one GPU."""
    return STEPS * EPOCHS * max(host, workers * gpu(counts)) / 1000 + FIXED


def grid(host: float, counts: Counts, workers: int, cells: int = CELLS) -> float:
    """Return the seconds of the paper's grid, or of several seeds of it."""
    rounds = [min(workers, cells - done) for done in range(0, cells, workers)]
    return START + sum(cell(host, counts, beside) for beside in rounds)


def figures(of: dict[tuple[str, str], Counts]) -> list[tuple[str, float, float, str]]:
    """Return (figure, modelled, seen, "fitted" or "") of an H200 before the graph."""
    small, large, small32, large32 = (
        of[key] for key in (("convnet", "bf16"), ("lenet_pp", "bf16"), ("convnet", "32"), ("lenet_pp", "32"))
    )
    return [
        ("GPU computes, convnet bf16, ms", gpu(small), 0.93, "fitted"),
        ("GPU computes, lenet_pp bf16, ms", gpu(large), 1.56, "fitted"),
        ("bare step, convnet float32, ms", bare(small32), 4.05, "fitted"),
        ("bare step, convnet bf16, ms", bare(small), 4.69, "fitted"),
        ("bare step, lenet_pp bf16, ms", bare(large), 5.54, "fitted"),
        ("step under Lightning, convnet bf16, ms", lightning(small), 5.27, "fitted"),
        ("step under Lightning, convnet float32, ms", lightning(small32), 5.6, "fitted"),
        ("step under Lightning, lenet_pp float32, ms", lightning(large32), 7.76, "fitted"),
        ("step under Lightning, lenet_pp bf16, ms", lightning(large), 10.24, "fitted"),
        ("a cell of convnet beside 3, s", cell(lightning(small), small, 4), 36.0, ""),
        ("a cell of convnet beside 13, s", cell(lightning(small), small, 14), 90.0, ""),
        ("P3 convnet, 14 workers, s", grid(lightning(small), small, 14), 228.0, ""),
    ]


def forecast(of: dict[tuple[str, str], Counts]) -> list[tuple[str, float, str]]:
    """Return (measure, forecast, goal) of steps that are one graph."""
    rows: list[tuple[str, float, str]] = []
    for network, step_goal, grid_goal in (("convnet", 1.3, 90), ("lenet_pp", 2.0, 180)):
        counts = of[network, "bf16"]
        step = replayed(counts)
        sharing = [
            STEPS * EPOCHS * n * SCRIPT[network] / 1000 + START + FIXED for n in (CELLS, SEEDS * CELLS)
        ]
        rows += [
            (f"{network}: step of a single run, ms", step, f"<= {step_goal} (forecast)"),
            (f"{network}: images/s over peer style", PEER[network] / step, ">= 5 (forecast)"),
            (f"{network}: P3 with 14 workers, s", grid(step, counts, 14), f"<= {grid_goal} (forecast)"),
            (f"{network}: P3 by the script's cell-step, s", sharing[0], f"<= {grid_goal} (forecast)"),
            (f"{network}: ten seeds, s", grid(step, counts, 14, SEEDS * CELLS), "<= 900 (forecast)"),
            (f"{network}: ten seeds by the script's cell-step, s", sharing[1], "<= 900 (forecast)"),
        ]
        rows += [
            (f"{network}: cells a minute with {n} workers", 60 * n / cell(step, counts, n), "(forecast)")
            for n in WORKERS
        ]
    return rows


def main() -> None:
    of = counts_of_all()
    table = Table("figure of an H200", "modelled", "seen", "modelled over seen", "")
    known = figures(of)
    for name, modelled, seen, fitted in known:
        table.add_row(name, f"{modelled:.3g}", f"{seen:.3g}", f"{modelled / seen:.2f}", fitted)
    Console().print(table)
    worst = max(abs(modelled / seen - 1) for _, modelled, seen, _ in known)
    counts = {" ".join(key): value._asdict() for key, value in of.items()}
    rows = [("model of time: largest error of a figure seen", worst, "<= 0.3"), *forecast(of)]
    written.out("time_model", rows, counts=counts, figures=known)


if __name__ == "__main__":
    main()

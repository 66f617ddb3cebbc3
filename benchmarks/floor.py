"""How far a training step is from what operations and bytes allow: the floor of P1 and P2.

    python -m benchmarks.floor [model=lenet_pp …]

operations  counted by PyTorch for forward and backward of one batch
bytes       what each layer returns, written and read once in forward and its gradient once in backward
            (4 times), and Adam's reading of p, g, m, v and writing of p, m, v (7 times)
peaks       measured here: a large matrix product or convolution in the precision, a copy of a large tensor

The floor is the larger of operations / peak and bytes / bandwidth: layer by layer nothing is quicker here.
"""

import argparse
import time
from collections.abc import Callable

import torch
from omegaconf import DictConfig
from torch.utils.flop_counter import FlopCounterMode

from benchmarks import steps, written
from icv_lightning import building, hardware

DTYPES = {"32-true": torch.float32, "bf16-mixed": torch.bfloat16}


def seconds(action: Callable[[], object], repeats: int = 9) -> float:
    """Return the median duration of an action, after one for nothing."""
    taken = []
    for _ in range(repeats + 1):
        started = time.perf_counter()
        action()
        if steps.DEVICE == "cuda":
            torch.cuda.synchronize()
        taken.append(time.perf_counter() - started)
    return sorted(taken[1:])[repeats // 2]


def peak(dtype: torch.dtype) -> float:
    """Return the operations a second of a large matrix product or convolution, whichever has more."""
    side = 8192 if steps.DEVICE == "cuda" else 2048
    a, b = (torch.randn(side, side, device=steps.DEVICE).to(dtype) for _ in range(2))
    images, kernels = torch.randn(64, 128, 32, 32), torch.randn(128, 128, 5, 5)
    images, kernels = (
        x.to(steps.DEVICE, dtype, memory_format=torch.channels_last) for x in (images, kernels)
    )
    with torch.inference_mode():
        product = 2 * side**3 / seconds(lambda: a @ b)
        convolution = (
            2 * 64 * 32**2 * kernels.numel() / seconds(lambda: torch.conv2d(images, kernels, padding=2))
        )
    return max(product, convolution)


def bandwidth() -> float:
    """Return the bytes a second, read and written, of a copy that no cache holds."""
    numbers = torch.randn(2**28 if steps.DEVICE == "cuda" else 2**26, device=steps.DEVICE)
    copy = torch.empty_like(numbers)
    return 2 * 4 * len(numbers) / seconds(lambda: copy.copy_(numbers))


def counted(config: DictConfig, precision: str) -> tuple[float, float]:
    """Return the operations and the bytes of a step."""
    data = building.build_datamodule(config)
    module = steps.fresh_module(config)
    data.setup()
    module = module.to(steps.DEVICE)
    images, target = (x.to(steps.DEVICE) for x in data.train_part[range(config.data.batch_size)])
    moved: list[int] = []
    leaves = [layer for layer in module.net.modules() if not list(layer.children())]
    for layer in leaves:
        layer.register_forward_hook(lambda _, __, found: moved.append(found.numel() * found.element_size()))
    with FlopCounterMode(display=False) as counter:
        with torch.autocast(steps.DEVICE, torch.bfloat16, enabled=precision.startswith("bf16")):
            embeddings, logits = module(images)
        module.loss(logits.float(), embeddings.float(), module.centroids(), target)["loss"].backward()
    adam = 7 * sum(p.numel() * p.element_size() for p in module.parameters())
    return counter.get_total_flops(), 4 * sum(moved) + adam


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--steps", type=int, default=30)
    parser.add_argument("overrides", nargs="*", default=["model=lenet_pp"])
    given = parser.parse_args()
    config = steps.composed(given.overrides)
    rows, facts, bytes_a_second = [], {}, bandwidth()
    for precision in dict.fromkeys(("32-true", hardware.fast_precision())):
        operations, moved = counted(config, precision)
        operations_a_second = peak(DTYPES[precision])
        arithmetic, memory = operations / operations_a_second, moved / bytes_a_second
        taken = config.data.batch_size / steps.bare(config, given.steps, precision)
        facts[precision] = {
            "operations": operations, "bytes": moved,
            "operations_a_second": operations_a_second, "bytes_a_second": bytes_a_second,
            "arithmetic_ms": 1e3 * arithmetic, "memory_ms": 1e3 * memory, "step_ms": 1e3 * taken,
        }  # fmt: skip
        rows += [
            (f"{precision} arithmetic, ms", 1e3 * arithmetic, ""),
            (f"{precision} memory, ms", 1e3 * memory, ""),
            (f"{precision} bare step, ms", 1e3 * taken, ""),
            (f"{precision} step over floor", taken / max(arithmetic, memory), ""),
        ]
    written.out(f"floor_{config.model.name}", rows, facts=facts, overrides=given.overrides)


if __name__ == "__main__":
    main()

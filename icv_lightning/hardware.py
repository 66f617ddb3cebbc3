"""The cores and GPUs of this machine, and how cells share them.

`python -m icv_lightning.hardware` prints the launcher that fits. Only the system and the driver's management
library (NVML) are asked, so that no process holds a GPU, or waits for torch, before a cell starts.
"""

import functools
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

CELL_MEMORY = 3 * 2**30  # bytes of a GPU for a cell: CUDA's libraries 1 GiB, a run on 28x28 images below 2
DEFAULT_CELLS = 4  # cells on a GPU whose memory is not known
BF16 = (8, 0)  # compute capability of Ampere; older GPUs compute bfloat16 by way of float32


class Gpu(NamedTuple):
    """A GPU, or a part of one (MIG), as the driver describes it.

    Attributes:
        memory: bytes, None for not known.
        capability: CUDA compute capability, such as (9, 0) of an H100; None for not known.
    """

    memory: int | None = None
    capability: tuple[int, int] | None = None


def cores() -> int:
    """Return the number of CPU cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def gpus() -> tuple[Gpu, ...]:
    """Return the NVIDIA GPUs that this process may use: those of `CUDA_VISIBLE_DEVICES`, else all.

    A part of a GPU counts as a GPU. Without NVML the device files are counted.
    """
    return _gpus(os.environ.get("CUDA_VISIBLE_DEVICES"))


def visible_gpus() -> int:
    """Return the number of `gpus`."""
    return len(gpus())


@functools.cache
def _gpus(chosen: str | None) -> tuple[Gpu, ...]:
    number = _told(lambda nvml: nvml.nvmlDeviceGetCount())
    here = [_described("Index", n) for n in range(_device_files() if number is None else number)]
    if chosen is None or not here:
        return tuple(here)
    found = []
    for name in map(str.strip, chosen.split(",")):
        if name.isdecimal() and int(name) < len(here):
            found.append(here[int(name)])
        elif name.startswith(("GPU-", "MIG-")):
            found.append(_described("UUID", name))
        else:  # CUDA takes those before it
            break
    return tuple(found)


def _described(by: str, name: int | str) -> Gpu:
    def handle(nvml: Any) -> Any:
        return getattr(nvml, f"nvmlDeviceGetHandleBy{by}")(name)

    memory = _told(lambda nvml: nvml.nvmlDeviceGetMemoryInfo(handle(nvml)).total)
    return Gpu(memory, _told(lambda nvml: tuple(nvml.nvmlDeviceGetCudaComputeCapability(handle(nvml)))))


def _told(ask: Callable[[Any], Any]) -> Any:
    """Return what NVML answers, None where it is not here or does not know."""
    if not may_have_gpu():
        return None
    try:
        import pynvml
    except ModuleNotFoundError:
        return None
    try:
        pynvml.nvmlInit()
        return ask(pynvml)
    except pynvml.NVMLError:
        return None


def _device_files() -> int:
    return len(list(Path("/dev").glob("nvidia[0-9]*"))) or len(list(Path("/dev").glob("dxg")))


def may_have_gpu() -> bool:
    """Return False where no GPU can be: a Linux without a device file of NVIDIA's, WSL's or AMD's."""
    patterns = ("nvidia*", "nvhost*", "nvmap", "dxg", "kfd")
    return sys.platform != "linux" or any(any(Path("/dev").glob(pattern)) for pattern in patterns)


def default_gpu_share() -> float:
    """Return the share of a GPU that a cell takes: a whole one where there is any."""
    return 1.0 if visible_gpus() else 0.0


def eval_batch_size(image_size: int = 28) -> int:
    """Return the images of an evaluation batch that are quickest.

    On a GPU many, that it is kept busy; on a CPU so few that what a layer returns for them stays
    below the 32 MiB beyond which malloc hands memory back and every batch pays for fresh pages.

    Args:
        image_size: side of the images in pixels.
    """
    return 2000 if visible_gpus() else min(2000, max(1, 200 * 28**2 // image_size**2))


def fast_precision(accelerator: str = "auto") -> str:
    """Return "bf16-mixed" where bfloat16 is fast (a GPU from Ampere on, AVX-512 BF16, AMX), else "32-true".

    Elsewhere it is computed by way of float32, several times more slowly than float32 itself.

    Args:
        accelerator: the trainer's accelerator; with "cpu" a GPU does not count.
    """
    if accelerator != "cpu" and gpus():
        return "bf16-mixed" if (gpus()[0].capability or BF16) >= BF16 else "32-true"
    try:
        flags = set(re.findall(r"avx512_bf16|amx_bf16", Path("/proc/cpuinfo").read_text()))
    except OSError:
        flags = set()
    return "bf16-mixed" if flags else "32-true"


def cells_at_once(launcher: str, workers: int | None, gpu_share: float) -> int:
    """Return how many cells run side by side on this machine under `hydra/launcher=<launcher>`.

    Args:
        launcher: Hydra's name of it.
        workers: the number that the user asks for; None for as many as the machine has room for.
        gpu_share: share of a GPU for each cell under Ray.
    """
    if launcher == "joblib":
        # its processes all meet on the first GPU
        return workers or min([cores(), *map(_room, gpus()[:1])])
    if launcher == "ray":
        here = visible_gpus()
        return workers or (max(1, int(here / gpu_share)) if here and gpu_share else cores())
    return 1


def _room(gpu: Gpu) -> int:
    """Return the cells that a GPU's memory holds."""
    return DEFAULT_CELLS if gpu.memory is None else max(1, gpu.memory // CELL_MEMORY)


def threads_each(launcher: str, workers: int | None, gpu_share: float) -> int:
    """Return the CPU threads of each cell: the cores of this machine, divided."""
    return max(1, cores() // cells_at_once(launcher, workers, gpu_share))


def fitting_launcher() -> str:
    """Return the overrides that use all of this machine: Ray for several GPUs, joblib otherwise."""
    return "hydra/launcher=ray" if visible_gpus() > 1 else "hydra/launcher=joblib"


if __name__ == "__main__":
    print(fitting_launcher())

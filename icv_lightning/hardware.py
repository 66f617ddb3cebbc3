"""The cores and GPUs of this machine, and how cells share them.

`python -m icv_lightning.hardware` prints the launcher that fits. Only the system is asked, so that no process
holds a GPU, or waits for torch, before a cell starts.
"""

import os
import re
import sys
from pathlib import Path


def cores() -> int:
    """Return the number of CPU cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def visible_gpus() -> int:
    """Return the number of NVIDIA GPUs that this process may use: `CUDA_VISIBLE_DEVICES`, else all."""
    here = len(list(Path("/proc/driver/nvidia/gpus").glob("*")))
    chosen = os.environ.get("CUDA_VISIBLE_DEVICES")
    if chosen is None:
        return here
    return min(here, sum(1 for device in chosen.split(",") if device.strip() not in ("", "-1", "NoDevFiles")))


def may_have_gpu() -> bool:
    """Return False where no GPU can be: a Linux without a device file of NVIDIA's, WSL's or AMD's."""
    patterns = ("nvidia*", "nvhost*", "nvmap", "dxg", "kfd")
    return sys.platform != "linux" or any(any(Path("/dev").glob(pattern)) for pattern in patterns)


def default_gpu_share() -> float:
    """Return the share of a GPU that a cell takes: a whole one where there is any."""
    return 1.0 if visible_gpus() else 0.0


def eval_batch_size() -> int:
    """Return the images of an evaluation batch that are quickest.

    On a GPU many, that it is kept busy; on a CPU so few that what a layer returns for 28x28 images stays
    below the 32 MiB beyond which malloc hands memory back and every batch pays for fresh pages.
    """
    return 2000 if visible_gpus() else 200


def fast_precision() -> str:
    """Return "bf16-mixed" where bfloat16 is fast (a GPU, AVX-512 BF16, AMX), else "32-true"."""
    try:
        flags = set(re.findall(r"avx512_bf16|amx_bf16", Path("/proc/cpuinfo").read_text()))
    except OSError:
        flags = set()
    return "bf16-mixed" if flags or visible_gpus() else "32-true"


def cells_at_once(launcher: str, workers: int | None, gpu_share: float) -> int:
    """Return how many cells run side by side on this machine under `hydra/launcher=<launcher>`.

    Args:
        launcher: Hydra's name of it.
        workers: the number that the user asks for; None for as many as the machine has room for.
        gpu_share: of a GPU for each cell under Ray.
    """
    gpus = visible_gpus()
    if launcher == "joblib":
        # Its processes would all meet on the first GPU: that is to be asked for.
        return workers or (1 if gpus else cores())
    if launcher == "ray":
        return workers or (max(1, int(gpus / gpu_share)) if gpus and gpu_share else cores())
    return 1


def threads_each(launcher: str, workers: int | None, gpu_share: float) -> int:
    """Return the CPU threads of each cell: the cores of this machine, divided."""
    return max(1, cores() // cells_at_once(launcher, workers, gpu_share))


def fitting_launcher() -> str:
    """Return the overrides that use all of this machine: Ray for several GPUs, joblib otherwise."""
    gpus = visible_gpus()
    if gpus > 1:
        return "hydra/launcher=ray"
    return "hydra/launcher=joblib" + (f" workers={min(4, cores())}" if gpus else "")


if __name__ == "__main__":
    print(fitting_launcher())

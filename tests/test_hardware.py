"""How cells share cores and GPUs, on pretended machines."""

import fnmatch
import subprocess
import sys
import types
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace

import pytest

from icv_lightning import hardware


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch):
    def pretend(cores: int, gpus: int) -> None:
        monkeypatch.setattr(hardware, "cores", lambda: cores)
        monkeypatch.setattr(hardware, "gpus", lambda: (hardware.Gpu(24 * 2**30, (9, 0)),) * gpus)

    return pretend


@pytest.mark.parametrize(
    ("launcher", "cores", "gpus", "workers", "share", "at_once", "threads"),
    [
        ("basic", 16, 0, None, 0, 1, 16),
        ("basic", 16, 2, None, 1, 1, 16),
        ("joblib", 16, 0, None, 0, 16, 1),
        ("joblib", 16, 0, 5, 0, 5, 3),
        ("joblib", 16, 1, None, 1, 8, 2),  # as many as the memory of the GPU holds
        ("joblib", 4, 1, None, 1, 4, 1),
        ("joblib", 16, 2, None, 1, 8, 2),  # they all meet on the first
        ("joblib", 16, 1, 4, 1, 4, 4),
        ("joblib", 2, 0, 5, 0, 5, 1),
        ("ray", 16, 0, None, 0, 16, 1),
        ("ray", 16, 2, None, 1, 2, 8),
        ("ray", 16, 2, None, 0.25, 8, 2),
        ("ray", 16, 2, None, 0, 16, 1),
        ("ray", 16, 0, 4, 0, 4, 4),
        ("submitit_slurm", 4, 1, None, 1, 1, 4),
    ],
)
def test_cores_and_gpus_are_divided(machine, launcher, cores, gpus, workers, share, at_once, threads):
    machine(cores, gpus)
    assert hardware.cells_at_once(launcher, workers, share) == at_once
    assert hardware.threads_each(launcher, workers, share) == threads


@pytest.mark.parametrize(
    ("cores", "gpus", "chosen"),
    [
        (2, 0, "hydra/launcher=joblib"),
        (16, 1, "hydra/launcher=joblib"),
        (16, 8, "hydra/launcher=ray"),
    ],
)
def test_the_launcher_fits_the_machine(machine, cores, gpus, chosen):
    machine(cores, gpus)
    assert hardware.fitting_launcher() == chosen


def test_evaluation_batches_are_small_on_a_cpu_and_large_on_a_gpu(machine):
    machine(2, 0)
    for side in (8, 28, 112):
        assert hardware.eval_batch_size(side) * 32 * side**2 * 4 < 2**25  # what conv5^32 gives for an image
    assert (hardware.eval_batch_size(), hardware.eval_batch_size(8)) == (200, 2000)
    machine(2, 1)
    assert hardware.eval_batch_size() >= 1000


class NVML(types.ModuleType):
    """The driver's library with two cards and a part of one, or none at all."""

    class NVMLError(Exception): ...

    def __init__(self, there: bool) -> None:
        super().__init__("pynvml")
        self.there = there

    def nvmlInit(self) -> None:
        if not self.there:
            raise self.NVMLError("NVML Shared Library Not Found")

    def nvmlDeviceGetCount(self) -> int:
        return 2

    def nvmlDeviceGetHandleByIndex(self, index: int) -> int:
        return index

    def nvmlDeviceGetHandleByUUID(self, uuid: str) -> int:
        return 1 if uuid.startswith("GPU-") else 7

    def nvmlDeviceGetMemoryInfo(self, handle: int) -> SimpleNamespace:
        return SimpleNamespace(total={0: 80, 1: 16, 7: 10}[handle] * 2**30)

    def nvmlDeviceGetCudaComputeCapability(self, handle: int) -> tuple[int, int]:
        if handle == 7:
            raise self.NVMLError("Not Supported")
        return {0: (9, 0), 1: (7, 5)}[handle]


@pytest.fixture
def driver(monkeypatch: pytest.MonkeyPatch):
    def install(there: bool, devices: Sequence[str] = ("nvidia0", "nvidia1")) -> None:
        class Dev(type(Path())):
            def glob(self, pattern: str):
                return fnmatch.filter(devices, pattern)

        monkeypatch.setattr(hardware, "Path", Dev)
        monkeypatch.setattr(sys, "platform", "linux")
        monkeypatch.setitem(sys.modules, "pynvml", NVML(there))
        hardware._gpus.cache_clear()

    yield install
    hardware._gpus.cache_clear()


H100, T4, PART = (
    hardware.Gpu(80 * 2**30, (9, 0)), hardware.Gpu(16 * 2**30, (7, 5)), hardware.Gpu(10 * 2**30, None),
)  # fmt: skip


@pytest.mark.parametrize(
    ("chosen", "found"),
    [
        (None, [H100, T4]), ("", []), ("-1", []), ("NoDevFiles", []), ("1", [T4]), ("1, 0", [T4, H100]),
        ("0,-1,1", [H100]), ("5", []), ("GPU-abc", [T4]),
        ("MIG-a,MIG-b,MIG-c", [PART] * 3),  # more than there are cards
    ],
)  # fmt: skip
def test_gpus_are_those_that_the_environment_leaves(driver, monkeypatch, chosen, found):
    driver(there=True)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if chosen is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", chosen)
    assert list(hardware.gpus()) == found
    assert hardware.default_gpu_share() == float(bool(found))


@pytest.mark.parametrize(
    ("devices", "count"), [((), 0), (("nvidia0", "nvidia1", "nvidiactl"), 2), (("dxg",), 1), (("kfd",), 0)]
)
def test_without_the_library_device_files_are_counted(driver, monkeypatch, devices, count):
    driver(there=False, devices=devices)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    assert hardware.gpus() == (hardware.Gpu(),) * count
    monkeypatch.setattr(hardware, "cores", lambda: 16)
    assert hardware.cells_at_once("joblib", None, 1) == (4 if count else 16)


@pytest.mark.parametrize(
    ("chosen", "accelerator", "precision"),
    [
        ("0", "auto", "bf16-mixed"),
        ("MIG-a", "gpu", "bf16-mixed"),
        ("1", "auto", "32-true"),
        ("0", "cpu", "32-true"),
    ],
)
def test_the_fast_preset_on_a_gpu_asks_what_it_computes_in(
    driver, monkeypatch, chosen, accelerator, precision
):
    driver(there=True)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", chosen)
    monkeypatch.setattr(hardware.Path, "read_text", lambda path: "flags : fpu avx2")
    assert hardware.fast_precision(accelerator) == precision


@pytest.mark.parametrize(
    ("flags", "gpus", "precision"),
    [("fpu avx2", 0, "32-true"), ("avx512_bf16", 0, "bf16-mixed"), ("amx_bf16", 0, "bf16-mixed"),
     ("avx2", 1, "bf16-mixed")],
)  # fmt: skip
def test_the_fast_preset_uses_bfloat16_where_the_machine_computes_in_it(
    machine, monkeypatch, flags, gpus, precision
):
    machine(2, gpus)
    monkeypatch.setattr(hardware.Path, "read_text", lambda path: f"flags : fpu {flags} sse")
    assert hardware.fast_precision() == precision


def test_the_module_names_a_launcher():
    made = subprocess.run([sys.executable, "-m", "icv_lightning.hardware"], capture_output=True, text=True)
    assert made.stdout.strip() == hardware.fitting_launcher()

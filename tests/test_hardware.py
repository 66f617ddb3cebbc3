"""How cells share cores and GPUs, on pretended machines."""

import subprocess
import sys

import pytest

from icv_lightning import hardware


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch):
    def pretend(cores: int, gpus: int) -> None:
        monkeypatch.setattr(hardware, "cores", lambda: cores)
        monkeypatch.setattr(hardware, "visible_gpus", lambda: gpus)

    return pretend


@pytest.mark.parametrize(
    ("launcher", "cores", "gpus", "workers", "share", "at_once", "threads"),
    [
        ("basic", 16, 0, None, 0, 1, 16),
        ("basic", 16, 2, None, 1, 1, 16),
        ("joblib", 16, 0, None, 0, 16, 1),
        ("joblib", 16, 0, 5, 0, 5, 3),
        ("joblib", 16, 1, None, 1, 1, 16),  # sharing a GPU is asked for
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
        (16, 1, "hydra/launcher=joblib workers=4"),
        (2, 1, "hydra/launcher=joblib workers=2"),
        (16, 8, "hydra/launcher=ray"),
    ],
)
def test_the_launcher_fits_the_machine(machine, cores, gpus, chosen):
    machine(cores, gpus)
    assert hardware.fitting_launcher() == chosen


def test_evaluation_batches_are_small_on_a_cpu_and_large_on_a_gpu(machine):
    machine(2, 0)
    assert hardware.eval_batch_size() * 32 * 28 * 28 * 4 < 2**25  # what conv5^32 gives for 28x28 images
    machine(2, 1)
    assert hardware.eval_batch_size() >= 1000


@pytest.mark.parametrize(("chosen", "count"), [("", 0), ("-1", 0), ("0", 1), ("0,2", 2), ("GPU-1,GPU-2", 2)])
def test_visible_gpus_are_those_that_the_environment_leaves(monkeypatch, tmp_path, chosen, count):
    class FourGPUs:
        def __init__(self, path: str) -> None: ...
        def glob(self, pattern: str) -> range:
            return range(4)

    monkeypatch.setattr(hardware, "Path", FourGPUs)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", chosen)
    assert hardware.visible_gpus() == count
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
    assert hardware.visible_gpus() == 4
    assert hardware.default_gpu_share() == 1.0


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

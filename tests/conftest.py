"""What tests share: the real data, the command here and in a fresh process, a tiny trained run."""

import functools
import gc
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Generator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from filelock import FileLock
from hypothesis import settings

from icv_lightning.records.results import read_results
from icv_lightning.run import __main__ as run

ROOT = Path(__file__).resolve().parent.parent
TINY_WITH_FIGURES = (
    "data=digits",
    "data.image_size=8",
    "data.batch_size=64",
    "model.net.widths=[4,4]",
    "model.net.hidden=16",
    "~callbacks.progress",
)
TINY = (*TINY_WITH_FIGURES, "~callbacks.gallery")

PATIENCE = 900  # seconds after which a process hangs, however loaded the machine
# nohup and & let signals be ignored, by children too; tests send them
for _number, _handler in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
    if signal.getsignal(_number) == signal.SIG_IGN:
        signal.signal(_number, _handler)
IS_WORKER = "PYTEST_XDIST_WORKER" in os.environ
if IS_WORKER:  # one core for it and the processes that it starts; none of the above imports torch
    os.environ["OMP_NUM_THREADS"] = "1"
settings.register_profile("project", deadline=None, max_examples=40, derandomize=True)
settings.load_profile("project")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Search for no garbage while test files import torch and Lightning, nor in what stays of them later."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.fixture(scope="session")
def data_root() -> Path:
    """The folder of real data sets; tests that need it skip where it is absent."""
    root = Path(os.environ.get("ICV_DATA", ROOT.parent / "shared" / "data"))
    if not (root / "MNIST" / "raw" / "train-images-idx3-ubyte.gz").exists():
        pytest.skip("needs the original MNIST archives: set ICV_DATA to a folder that holds MNIST/raw")
    return root


@pytest.fixture
def command(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run `python -m <module> arguments…` in an empty folder, as a user does; no data folder is set."""

    def start(
        *arguments: str, module: str = "icv_lightning.run", **environment: str
    ) -> subprocess.CompletedProcess[str]:
        surroundings = {key: value for key, value in os.environ.items() if key != "ICV_DATA"}
        return subprocess.run(
            [sys.executable, "-m", module, *arguments],
            cwd=tmp_path, env=surroundings | environment, capture_output=True, text=True, timeout=PATIENCE,
        )  # fmt: skip

    return start


@pytest.fixture
def main(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Call the command's `main` here with arguments, in an empty folder; gives its exit status.

    A tiny network on digits, unless the first argument is "as_is".
    """
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ICV_DATA", raising=False)

    def call(*arguments: str) -> int:
        given = arguments[1:] if arguments[:1] == ("as_is",) else (*TINY, *arguments)
        monkeypatch.setattr(sys, "argv", ["run", *given])
        with pytest.raises(SystemExit) as end:
            run.main()
        return int(end.value.code or 0)

    return call


def once(places: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """Return the folder `name` that `make` fills, once for all workers of a test run; to be left as it is."""
    root = places.getbasetemp().parent if IS_WORKER else places.getbasetemp()
    folder, complete = root / name, root / f"{name}.complete"
    with FileLock(root / f"{name}.lock"):
        if not complete.exists():
            folder.mkdir()
            make(folder)
            complete.touch()
    return folder


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The checkpoint of a tiny run on digits with a validation part; to be left as it is."""
    return next(once(tmp_path_factory, "checkpoint", _train).glob("*/*/checkpoints/last.ckpt"))


def _train(folder: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        options = ["trainer.max_epochs=1", "data.image_size=28", "data.val_size=200"]
        options += [f"paths.outputs={folder}"]
        patch.setattr(sys, "argv", ["run", *TINY, *options])
        with pytest.raises(SystemExit):
            run.main()


@pytest.fixture
def own_checkpoint(checkpoint: Path, tmp_path: Path) -> Path:
    """A copy of that run's checkpoint and results, beside which a test may write."""
    shutil.copytree(checkpoint.parent.parent, tmp_path / "cell", ignore=shutil.ignore_patterns("embeddings"))
    return tmp_path / "cell" / "checkpoints" / "last.ckpt"


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Call the `main` of a command's module here with arguments; gives its exit status."""

    def call(module: ModuleType, *arguments: Any) -> int:
        monkeypatch.setattr(sys, "argv", ["command", *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            module.main()
        return int(end.value.code or 0)

    return call


@pytest.fixture
def refused(started: Callable[..., int], capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Call the `main` of a command's module here with wrong input; gives the one line that it says."""

    def call(module: ModuleType, *arguments: Any) -> str:
        capsys.readouterr()
        assert started(module, *arguments) == 2
        (line,) = capsys.readouterr().err.splitlines()
        return str(line)

    return call


def cells(outputs: Path) -> list[Path]:
    """Return the run folders below `outputs`, by name."""
    return sorted(path.parent for path in outputs.glob("*/*/results.json"))


def results(folder: Path) -> dict[str, Any]:
    """Return what the one run below `folder/outputs` recorded."""
    (cell,) = cells(folder / "outputs")
    return read_results(cell) or {}


def is_running(pid: int) -> bool:
    """Tell whether there is such a process, by /proc, and not as a zombie."""
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().rsplit(")", 1)[1].split()[0] != "Z"


@pytest.fixture(scope="session")
def digits_run(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Any]:
    """Train and test a tiny network on 8x8 digits, once for equal options, with the callbacks of a real run.

    A call gives the `folder`, `trainer`, `module` and `data` of the run and what `watch` saw.
    """
    return functools.cache(functools.partial(_digits_run, tmp_path_factory))


def _digits_run(places: pytest.TempPathFactory, epochs: int, every: int, val_size: int) -> SimpleNamespace:
    import lightning as L
    import torch

    from icv_lightning import callbacks, centroids, data, loggers, losses, module, nets

    class Watch(L.Callback):
        def __init__(self) -> None:
            self.targets: list[list[int]] = [[] for _ in range(epochs)]
            self.epochs_on_disk: list[int] = []

        def on_train_epoch_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
            last = folder / "checkpoints" / "last.ckpt"
            if last.exists():
                self.epochs_on_disk.append(torch.load(last, weights_only=True)["epoch"])

        def on_train_batch_start(
            self, trainer: L.Trainer, pl_module: L.LightningModule, batch, index
        ) -> None:
            self.targets[trainer.current_epoch] += batch[1].tolist()

    torch.manual_seed(0)
    folder = places.mktemp("outputs") / "cell"
    folder.mkdir()
    digits = data.DigitsDataModule(
        "digits", 10, channels=1, image_size=8, batch_size=64, val_size=val_size, monitor_size=500
    )
    classifier = module.ClassifierModule(
        nets.ConvNet(1, 8, 2, widths=[4, 4], hidden=16),
        nets.LinearScores(2, 10),
        centroids.LearnedCentroids(10, 2),
        losses.CombinedLoss(0.05),
        optimizer=functools.partial(torch.optim.Adam, lr=0.01),
        num_classes=10,
        embedding_dim=2,
    )
    watch = Watch()
    trainer = L.Trainer(
        max_epochs=epochs, accelerator="cpu", default_root_dir=folder, logger=[loggers.MetricsCSV(folder)],
        callbacks=[
            callbacks.LastCheckpoint(), callbacks.EmbeddingSnapshot(every), callbacks.MeasuredEmbeddings(),
            watch,
        ],
        num_sanity_val_steps=0, log_every_n_steps=0, enable_model_summary=False, enable_progress_bar=False,
        use_distributed_sampler=False,
    )  # fmt: skip
    trainer.fit(classifier, datamodule=digits)
    trainer.test(classifier, datamodule=digits, verbose=False)
    return SimpleNamespace(folder=folder, trainer=trainer, module=classifier, data=digits, watch=watch)

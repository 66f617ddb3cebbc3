"""Bad settings: each one clear line before training, exit status above 0, and no run folder."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from icv_lightning.configuration import checks
from icv_lightning.errors import UserError

Main = Callable[..., int]

pytestmark = pytest.mark.usefixtures("empty_folder")
BAD = {
    "loss.lamda=0.5": "unknown key loss.lamda; the nearest is loss.lambda",
    "lambda=0.5": "unknown key lambda; the nearest is loss.lambda",
    "+loss.lamda=0.5": "unknown key loss.lamda; the nearest is loss.lambda",
    "dta=mnist": "unknown key dta; the nearest is data",
    "+foo=1": "unknown key foo",
    "loss.lambda=abc": "loss.lambda=abc: must be a finite number of at least 0",
    "loss.lambda=-1": "loss.lambda=-1: must be a finite number of at least 0",
    "loss.lambda=nan": "loss.lambda=nan: must be a finite number of at least 0",
    "loss.lambda=inf": "loss.lambda=inf: must be a finite number of at least 0",
    "loss.lambda=null": "loss.lambda=null: must be a finite number of at least 0",
    "loss.lambda=0.1,0.5": "loss.lambda=0.1,0.5: several values need -m (multirun)",
    "loss.lambda": "loss.lambda: cannot be read as key=value",
    "model.embedding_dim=0": "model.embedding_dim=0: must be an integer of at least 1",
    "model.embedding_dim=2.5": "model.embedding_dim=2.5: must be an integer of at least 1",
    "model.normalize=2": "model.normalize=2: must be true or false",
    "data.batch_size=1": "data.batch_size=1: must be an integer of at least 2",
    "data.val_size=-5": "data.val_size=-5: must be an integer of at least 0",
    "data=cifar": "data=cifar: unknown, must be one of cars196, cifar10, ",
    "model=resnet": "model=resnet: unknown, must be one of backbone, ",
    "centroids=median": "centroids=median: unknown, must be one of",
    "experiment=nope": "experiment=nope: unknown, must be one of",
    "optimizer.lr=0": "optimizer.lr=0: must be a finite number above 0",
    "seed=-1": "seed=-1: must be an integer of at least 0 and at most 4294967295",
    "trainer.max_epochs=0": "trainer.max_epochs=0: must be an integer of at least 1",
    "trainer.accelerator=quantum": "trainer.accelerator=quantum: must be one of auto, cpu, gpu",
    "trainer.precision=99": "trainer.precision=99: must be one of 32-true, ",
    "name=../x": "name=../x: must be a plain folder name",
    "data=image_folder": "data.root: must be given",
    "--nonsense": "unrecognized arguments: --nonsense; see --help",
    "--cfg": "argument --cfg/-c: expected one argument; see --help",
}


@pytest.mark.parametrize("override", BAD)
def test_a_bad_setting_is_named(override: str) -> None:
    with pytest.raises(UserError) as error:
        checks.check([override])
    assert str(error.value).startswith(BAD[override])
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("rule", ["batch_mean", "one_by_one"])
def test_a_learning_rate_of_centroids_that_no_optimizer_moves_is_an_error(rule: str) -> None:
    checks.check([f"centroids={rule}"])
    checks.check(["centroids=learned", "optimizer.centroid_lr=0.01"])
    with pytest.raises(
        UserError, match=rf"^optimizer\.centroid_lr=0\.01: must be null with centroids={rule}"
    ):
        checks.check([f"centroids={rule}", "optimizer.centroid_lr=0.01"])


def test_good_settings_pass() -> None:
    checks.check([])
    checks.check(["-m", "loss.lambda=0,0.5", "data=mnist,fashion_mnist", "model.normalize=true,false"])
    checks.check(["+trainer.gradient_clip_val=1", "experiment=smoke", "~callbacks.progress"])
    checks.check(["+callbacks.stop={_target_:lightning.pytorch.callbacks.EarlyStopping,monitor:train/loss}"])
    checks.check(["--help", "nonsense"])
    checks.check(["-m", "experiment=discriminant"])
    checks.check(["experiment=convergence", "centroids=one_by_one", "centroids.layer.alpha=0.03"])


def test_a_bad_cell_is_found_before_the_first_starts() -> None:
    with pytest.raises(UserError, match=r"loss\.lambda=-1"):
        checks.check(["-m", "loss.lambda=0.1,-1", "data=digits"])


def test_flags_may_stand_between_overrides() -> None:
    request = checks.check(["data=digits", "-m", "loss.lambda=0,1"])
    assert request.argv == ["-m", "data=digits", "loss.lambda=0,1"]
    assert len(request.cells) == 2


@pytest.mark.parametrize("override", ["trainer.strategy=ddp", "trainer.devices=2", "trainer.devices=-1"])
def test_a_cell_of_a_multirun_is_one_process(override: str) -> None:
    checks.check([override])
    with pytest.raises(UserError, match="a cell of a multirun is one process on one device"):
        checks.check(["-m", override, "loss.lambda=0,1"])


def test_a_folder_of_one_class_is_refused(tmp_path: Path) -> None:
    (tmp_path / "pictures" / "cat").mkdir(parents=True)
    with pytest.raises(
        UserError, match=r"data.root=pictures: needs at least two class folders, found \['cat'\]"
    ):
        checks.check(["data=image_folder", "data.root=pictures"])


@pytest.mark.parametrize("name", ["joblib", "ray", "ray_cluster", "submitit_local", "submitit_slurm"])
def test_a_launcher_without_its_extra_is_said(monkeypatch, name):
    extra = name.split("_")[0]
    monkeypatch.setattr(checks.importlib.util, "find_spec", lambda wanted: None)
    with pytest.raises(
        UserError, match=rf"hydra/launcher={name}: needs pip install 'icv-lightning\[{extra}\]'"
    ):
        checks.check(["-m", f"hydra/launcher={name}", "threads=1", "data=digits", "loss.lambda=0,1"])


LATE = {
    "data.val_size=5000": "data.val_size=5000: must be 0 or from 10 to 1417 for digits",
    "ckpt_path=last": "ckpt_path=last: there is no ",
    "ckpt_path=nowhere.ckpt": "ckpt_path=nowhere.ckpt: there is no such file",
    "+trainer.foo=1": "trainer: Trainer.__init__() got an unexpected keyword argument 'foo'",
    "data.image_size=3": "model.net: image_size must be at least 4",
    "callbacks.snapshot.every=9.5": "callbacks.snapshot.every=9.5: must be an integer",
}


@pytest.mark.parametrize("override", LATE)
def test_what_only_construction_finds_leaves_no_folder_either(
    main: Main, tmp_path: Path, override: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(override) > 0
    error = capsys.readouterr().err
    assert error.startswith(f"error: {LATE[override]}")
    assert error.count("\n") == 1
    assert not (tmp_path / "outputs").exists() or not any((tmp_path / "outputs").iterdir())


def test_an_absent_gpu_is_said(main: Main, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import torch

    if torch.cuda.is_available():
        pytest.skip("there is a GPU here")
    assert main("trainer.accelerator=gpu") > 0
    assert "trainer.accelerator=gpu: no GPU is here" in capsys.readouterr().err
    assert not any((tmp_path / "outputs").glob("*"))


def _pictures(folder: Path, *names: str) -> None:
    for shade, name in enumerate(names):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (30, 20), 40 * shade).save(path)


def test_bad_pictures_are_named(main: Main, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _pictures(
        tmp_path / "p", *(f"{part}/{k}/{i}.png" for part in ("train", "test") for k in "ab" for i in range(4))
    )
    settings = ("as_is", "data=image_folder", "data.root=p", "trainer.max_epochs=1", "~callbacks.progress")
    settings = (*settings, "model.net.widths=[4]", "model.net.hidden=8")
    (tmp_path / "p" / "train" / "a" / "9.png").write_bytes(b"not a picture")
    assert main(*settings) > 0
    assert "p/train/a/9.png: unreadable picture" in capsys.readouterr().err
    (tmp_path / "p" / "train" / "a" / "9.png").unlink()
    _pictures(tmp_path / "p", "test/c/0.png")
    assert main(*settings) > 0
    assert "p/test: classes that train lacks: c" in capsys.readouterr().err
    assert not any((tmp_path / "outputs").glob("*"))
    (tmp_path / "p" / "test" / "c" / "0.png").unlink()
    (tmp_path / "p" / "test" / "c").rmdir()
    assert main(*settings) == 0


def test_an_altered_archive_is_named(
    main: Main, tmp_path: Path, data_root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    raw = tmp_path / "d" / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for archive in (data_root / "MNIST" / "raw").iterdir():
        (raw / archive.name).write_bytes(
            archive.read_bytes()[: -100 if "t10k-labels" in archive.name else None]
        )
    assert main("as_is", "data.root=d") > 0
    assert "t10k-labels-idx1-ubyte.gz: truncated or altered" in capsys.readouterr().err
    assert not any((tmp_path / "outputs").glob("*"))


@pytest.mark.parametrize(
    "arguments", [("--help",), ("--cfg", "job"), ("loss.lamda=1",), ("-m", "loss.lambda=-1,0")]
)
def test_help_and_errors_come_without_torch(
    command: Callable[..., subprocess.CompletedProcess[str]], arguments: tuple[str, ...], tmp_path: Path
) -> None:
    (tmp_path / "probe.py").write_text(
        "import sys\nfrom icv_lightning import run\n"
        "try:\n    run.main()\n"
        "finally:\n    print([m for m in ('torch', 'lightning', 'matplotlib') if m in sys.modules])\n"
    )
    result = command(*arguments, module="probe")
    assert result.stdout.splitlines()[-1] == "[]", result.stdout + result.stderr


def test_help_is_written_for_people(command: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    result = command("--help")
    assert result.returncode == 0
    assert result.stdout.count("python -m icv_lightning.run ") >= 5
    for word in ("loss.lambda", "data: cars196, cifar10, ", "results.json"):
        assert word in result.stdout


def test_a_wrong_setting_takes_nothing_from_an_earlier_run(main: Main, tmp_path: Path) -> None:
    assert main("trainer.max_epochs=1", "data.val_size=0") == 0
    (results,) = tmp_path.glob("outputs/*/*/results.json")
    before = {path.name for path in results.parent.iterdir()}
    (results.parent / "checkpoints" / "last.ckpt").unlink()
    results.write_text("{}")
    assert main("trainer.max_epochs=1", "data.val_size=0", "ckpt_path=last") > 0
    assert {path.name for path in results.parent.iterdir()} == before

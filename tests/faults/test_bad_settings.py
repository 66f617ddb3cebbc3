"""Every kind of wrong setting: one line that names it, before torch is loaded, and nothing left behind."""

import json
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from icv_lightning.configuration import checks
from icv_lightning.configuration.resolvers import register_resolvers
from icv_lightning.errors import UserError
from tests.conftest import PATIENCE, ROOT

LONG = "x" * 2000
DIGITS = "data=digits"
# What is given, and how the line begins.
QUICK: dict[tuple[str, ...], str] = {
    ("model.embedding_dim=1000000000000",): "model.embedding_dim=1000000000000: must be an integer of at",
    ("data.batch_size=100000000000000000000",): "data.batch_size=100000000000000000000: must be an integer",
    ("data.num_workers=100000",): "data.num_workers=100000: must be an integer of at least 0 and at most",
    ("data.monitor_size=3",): "data.monitor_size=3: must be at least 10, an image a class",
    ("data.train_size=5",): "data.train_size=5: must be null or at least 10, an image a class",
    ("data.per_class=7",): "data.per_class=7: must divide data.batch_size=256 into",
    ("data.num_classes=3",): "data.num_classes=3: must be 10; data.classes",
    ("data.transform=abc",): "data.transform=abc: must be a node with _target_, or null",
    ("model.net.widths=[]",): "model.net.widths=[]: must be a list of one or more integers",
    ("model.net.widths=4",): "model.net.widths=4: must be a list of one or more integers",
    ("model.net=null",): "model.net: must be given, as model.net=…",
    ("model.net._target_=nope.X",): "model.net._target_=nope.X: there is no such package here",
    ("~loss",): "loss.name: must be given, as loss.name=…",
    ("~trainer.max_epochs",): "trainer.max_epochs: must be given, as trainer.max_epochs=…",
    ("trainer=null",): "trainer=null: must name a choice of a group",
    ("trainer.precision=fp7",): "trainer.precision=fp7: must be one of 32-true, ",
    ("trainer.devices=0",): "trainer.devices=0: must be auto, -1, a number of devices or a list",
    ('trainer.devices="abc"',): "trainer.devices=abc: must be auto, -1, a number of devices or a list",
    (
        "trainer.accelerator=cpu",
        "trainer.devices=2",
        "data.batch_size=3",
    ): "data.batch_size=3: must be at least 4",
    ("trainer.strategy=ddp_spawn",): "trainer.strategy=ddp_spawn: must be auto, ddp,",
    ("trainer.devices=99999",): "trainer.devices=99999: must be at most ",
    ("+trainer.limit_train_batches=0",): "trainer.limit_train_batches=0: must be a finite number above 0",
    ("+trainer.accumulate_grad_batches=0",): "trainer.accumulate_grad_batches=0: must be an integer of",
    ("+hydra.nonsense=1",): "unknown key hydra.nonsense; see --hydra-help",
    ("callbacks.gallery.epochs=[0]",): "callbacks.gallery.epochs=[0]: must be a list of integers of at",
    ("loss.name=a/b",): "loss.name=a/b: must be a plain folder name",
    ("trainer.strategy=foo",): "trainer.strategy=foo: must be auto, ddp,",
    ("trainer.accelerator=tpu",): "trainer.accelerator=tpu: there is none here; use auto or cpu",
    ("optimizer.algorithm.betas=[2,3]",): "optimizer.algorithm.betas=[2, 3]: must be a list of two numbers",
    ("centroids.layer.sparse=true",): "centroids.layer.sparse=true: this optimizer takes no sparse gradients",
    ("centroids.name=../../x",): "centroids.name=../../x: must be a plain folder name",
    ("cell=../../x",): "cell=../../x: is made of the settings, ",
    (f"name={LONG}",): f"paths.outputs=outputs name={LONG}: a name of more than 255 bytes",
    ('name="a\\nb"',): "name=a\\nb: must be a plain folder name",
    ("name='a\0b'",): "name=a\\x00b: must be text, not empty and without control characters",
    ("name=é🙂",): "name=é🙂: cannot be read as key=value; type 'name=\"é🙂\"'",
    ("loss.lambda='0.1",): "loss.lambda='0.1: cannot be read as key=value",
    ("loss.lambda=${loss.lambda}",): "loss.lambda: Recursive interpolation detected",
    ("loss.lambda=${nope}",): "loss.lambda: Interpolation key 'nope' not found",
    ("loss.lambda=${oc.env:ICV_NOPE}",): "loss.lambda: KeyError raised while resolving interpolation",
    ("paths.outputs=FILE",): "paths.outputs=FILE name=runs: FILE is not a folder",
    ("paths.outputs=",): "paths.outputs=: must be text, not empty and without control characters",
    ("paths.outputs=/proc/nope",): "paths.outputs=/proc/nope name=runs: cannot be written (",
    ("ckpt_path=FOLDER",): "ckpt_path=FOLDER: there is no checkpoints/last.ckpt",
    ("ckpt_path=FILE",): "ckpt_path=FILE: not a checkpoint",
    ("++loss.lamda=1",): "unknown key loss.lamda; the nearest is loss.lambda",
    ("hydra.run.dir=elsewhere",): "hydra.run.dir: a run's folder is placed by paths.outputs and name",
    ("hydra.mode=MULTIRUN",): "hydra.mode: give -m for a grid, or leave it out",
    ("hydra.launcher=unknown",): "hydra.launcher=unknown: is chosen with a slash, hydra/launcher=…",
    ("-m", "data.val_size=0,5000"): "data.val_size=5000: must be 0 or from 10 to 1417 for digits",
    ("-m", "ckpt_path=last,null"): "ckpt_path=last: there is no outputs/runs/digits-",
    ("-m", "experiment=smoke,smoke_grid"): "experiment=smoke_grid: holds a grid of its own; give it alone",
    ("-m", "seed=range(5,0)"): "seed=range(5,0): gives no cell, a key has no value",
    ("-m", "seed=range(0,3,0)"): "seed=range(0,3,0): range() arg 3 must not be zero",
    ("data=image_folder", "data.root=FILE"): "data.root=FILE: has no row below its heading",
    ("data=orl", "data.root=EMPTY"): "EMPTY/orl_faces: needs the ORL faces in s1 to s40, has no s1",
    ("--config-dir", "nope"): "--config-dir nope: no such folder",
    ("+logger.csv.api_key=hunter2",): "logger.csv.api_key: holds a secret, and settings are written",
}
SLOW: dict[tuple[str, ...], str] = {
    ("loss.lamda=0.5",): "unknown key loss.lamda; the nearest is loss.lambda",
    ("loss.lambda=.inf",): "loss.lambda=.inf: must be a finite number",
    ("loss.lambda=1e400",): "loss.lambda=inf: must be a finite number",
    ("loss.lambda=nan",): "loss.lambda=nan: must be a finite number",
    ("loss.lambda=[0.1]",): "loss.lambda=[0.1]: must be a finite number",
    ("loss.lambda=true",): "loss.lambda=True: must be a finite number",
    ("loss.lambda=",): "loss.lambda=: must be a finite number",
    ("loss.lambda=½",): "loss.lambda=½: cannot be read as key=value",
    ("loss.lambda=???",): "loss.lambda: must be given",
    ("loss.lambda={",): "loss.lambda={: cannot be read as key=value",
    ("loss.lambda=0.1,0.5",): "loss.lambda=0.1,0.5: several values need -m",
    ("loss=nope",): "loss=nope: unknown, must be one of",
    ("loss=metric_learning", "loss.margin=-1"): "loss.margin=-1: must be",
    ("loss=discriminant", "loss.max_total_variance=0"): "loss.max_total_variance=0: must be",
    ("model.embedding_dim=1e12",): "model.embedding_dim=1000000000000.0: must be an integer",
    ("model.embedding_dim='2'",): "model.embedding_dim=2: must be an integer",
    ("model.net.hidden=0",): "model.net.hidden=0: must be an integer",
    ("model.net.dropout=2",): "model.net.dropout=2: must be",
    ("model=resnet",): "model=resnet: unknown, must be one of",
    ("seed=-1",): "seed=-1: must be an integer",
    ("seed=4294967296",): "seed=4294967296: must be an integer",
    ("seed=null",): "seed=null: must be an integer",
    ("seed=${seed}",): "seed: Recursive interpolation detected",
    ("trainer.max_epochs=-1",): "trainer.max_epochs=-1: must be an integer",
    ("trainer.max_epochs=1000000000000",): "trainer.max_epochs=1000000000000: must be an integer",
    ("trainer=nope",): "trainer=nope: unknown, must be one of default, fast",
    ("optimizer.lr=-1",): "optimizer.lr=-1: must be a finite number above 0",
    ("optimizer=rmsprop",): "optimizer=rmsprop: unknown, must be one of",
    ("centroids=one_by_one", "optimizer.centroid_lr=0.1"): "optimizer.centroid_lr=0.1: must be null with",
    ("data.val_size=1430",): "data.val_size=1430: must be 0 or from 10 to 1417 for digits",
    ("data.image_size=1000000",): "data.image_size=1000000: must be an integer",
    ("data.classes=[0,99]",): "data.classes=[0, 99]: has [99], must be from 0 to 9",
    ("data.name=../x",): "data.name=../x: must be a plain folder name",
    ("data=digits/x",): "data/digits=x: unknown, must be one of",
    ("data=image_folder", "data.root=nope"): "data.root=nope: not a folder that can be read",
    ("data=faces", "data.root=EMPTY"): "data.root=EMPTY: needs at least two persons",
    ("data=omniglot", "data.subset=small3"): "data.subset=small3: must be one of small1, small2",
    ("data=mnist", "data.root=FILE"): "data.root=FILE: not a folder",
    ("data=mnist", "data.dataset=NMIST"): "data.dataset=NMIST: must be one of MNIST, FashionMNIST",
    ("name=/abs",): "name=/abs: must be a plain folder name",
    ("name=..",): "name=..: must be a plain folder name",
    ("name=",): "name=: must be text, not empty",
    ("force=yes please",): "force=yes please: must be true or false",
    ("callbacks.snapshot.every=0",): "callbacks.snapshot.every=0: must be an integer",
    ("hydra/launcher=unknown",): "hydra/launcher=unknown: unknown, must be one of",
    ("hydra.job.chdir=true",): "hydra.job.chdir: others rely on it",
    ("experiment=unknown",): "experiment=unknown: unknown, must be one of",
    ("foo",): "foo: cannot be read as key=value",
    ("=1",): "=1: must name a choice of a group, or a key and its value",
    ("~seed",): "seed: must be given",
    ("~centroids",): "centroids.layer: must be given",
    ("+nope/x=y",): "unknown key nope/x",
    ("seed.x=1",): "unknown key seed.x; the nearest is seed",
    ("-m", "loss.lambda=0.1,-1"): "loss.lambda=-1: must be a finite number",
    ("-m", "loss.lambda=0.1,,0.2"): "loss.lambda=0.1,,0.2: cannot be read as key=value",
    ("-m", "trainer.devices=1,2"): "trainer.strategy=auto trainer.devices=2: a cell of a multirun is one",
    ("-m", "name=a,b/c"): "name=b/c: must be a plain folder name",
    ("-m", "hydra/launcher=nope"): "hydra/launcher=nope: unknown, must be one of",
    ("--config-path", "FILE"): "--config-path FILE: no such folder",
    ("data.root=https://me:hunter2@example.org/data",): "data.root: holds a login, and settings are written",
}


@pytest.fixture(autouse=True)
def _place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ICV_DATA", raising=False)
    (tmp_path / "FILE").write_text("a file")
    (tmp_path / "FOLDER").mkdir()
    (tmp_path / "EMPTY").mkdir()
    register_resolvers()


def given(arguments: tuple[str, ...]) -> list[str]:
    chosen = any(text.startswith(("data=", "--")) for text in arguments)
    return [*arguments] if chosen else [*arguments, DIGITS]


@pytest.mark.parametrize("arguments", QUICK, ids=lambda a: " ".join(a)[:60].replace("\0", "NUL"))
def test_a_wrong_setting_is_named_in_one_line(arguments: tuple[str, ...], tmp_path: Path) -> None:
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(UserError) as error:
        checks.check(given(arguments))
    assert str(error.value).startswith(QUICK[arguments])
    assert str(error.value).isprintable()
    assert sorted(tmp_path.rglob("*")) == before


# Runs the command for each list of arguments that it reads, in forks of a process that has imported Hydra;
# prints status (100 more where torch was loaded), what was said and processor seconds.
FORKS = """
import json, os, sys
from pathlib import Path
import hydra, icv_lightning.configuration.composition, icv_lightning.run.job
from icv_lightning.run.__main__ import main

said = Path(sys.argv[1])
for arguments in json.load(sys.stdin):
    if not (pid := os.fork()):
        os.dup2(os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 2)
        sys.argv[1:] = arguments
        try:
            main()
        except SystemExit as end:
            sys.stderr.flush()
            os._exit(end.code + 100 * ("torch" in sys.modules))
    _, status, used = os.wait4(pid, 0)
    seconds = used.ru_utime + used.ru_stime
    print(json.dumps([os.waitstatus_to_exitcode(status), said.read_text(), seconds]), flush=True)
"""
REAL = [("loss.lamda=0.5",), ("name=é🙂",), ("-m", "data.val_size=0,5000")]


def check_refused(arguments: tuple[str, ...], status: int, said: str) -> None:
    assert status == 2, (arguments, said)
    assert said.startswith(f"error: {(QUICK | SLOW)[arguments]}"), (arguments, said)
    assert said.count("\n") == 1, (arguments, said)
    assert "hunter2" not in said


@pytest.mark.slow
def test_every_wrong_setting_ends_the_command_within_three_processor_seconds(tmp_path: Path) -> None:
    cases = [a for a in (QUICK | SLOW) if not any("\0" in word for word in a)]
    before = sorted(tmp_path.rglob("*"))
    with tempfile.NamedTemporaryFile() as said:
        process = subprocess.Popen(
            [sys.executable, "-c", FORKS, said.name],
            cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env=os.environ | {"COLUMNS": "80", "PYTHONPATH": str(ROOT)},
        )  # fmt: skip
        assert process.stdin
        assert process.stdout
        process.stdin.write(json.dumps([given(arguments) for arguments in cases]))
        process.stdin.close()
        slowest = 0.0
        for arguments, line in zip(cases, process.stdout, strict=True):
            status, text, seconds = json.loads(line)
            check_refused(arguments, status, text)
            assert sorted(tmp_path.rglob("*")) == before, arguments
            slowest = max(slowest, seconds)
        assert process.wait() == 0
    assert slowest < 3
    assert len(cases) >= 100


@pytest.mark.slow
@pytest.mark.parametrize("arguments", REAL, ids=" ".join)
def test_so_does_the_command_that_a_user_starts(arguments: tuple[str, ...], tmp_path: Path) -> None:
    before = sorted(tmp_path.rglob("*"))
    start = resource.getrusage(resource.RUSAGE_CHILDREN)
    result = subprocess.run(
        [sys.executable, "-m", "icv_lightning.run", *given(arguments)],
        cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE, env=os.environ | {"COLUMNS": "80"},
    )  # fmt: skip
    end = resource.getrusage(resource.RUSAGE_CHILDREN)
    check_refused(arguments, result.returncode, result.stderr)
    assert result.stdout == ""
    assert sorted(tmp_path.rglob("*")) == before
    assert end.ru_utime + end.ru_stime - start.ru_utime - start.ru_stime < 3


def test_a_secret_of_the_environment_is_not_written_either(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_API_KEY", "0123456789abcdef")
    for override in ("name=x0123456789abcdef", "data.root=${oc.env:WANDB_API_KEY}"):
        with pytest.raises(UserError, match="holds the value of WANDB_API_KEY") as error:
            checks.check([DIGITS, override])
        assert "0123456789abcdef" not in str(error.value)
    with pytest.raises(UserError, match=r"^hydra\.job\.env_set\.WANDB_API_KEY: holds a secret") as error:
        checks.check([DIGITS, "+hydra.job.env_set.WANDB_API_KEY=hunter2hunter2"])
    checks.check([DIGITS, "trainer.max_epochs=1"])


def test_what_is_right_stays_right(tmp_path: Path) -> None:
    for arguments in (
        ["trainer.precision=16", "trainer.devices=2", "trainer.deterministic=true", "trainer.benchmark=null"],
        ["trainer.devices=auto", "trainer.strategy=ddp_find_unused_parameters_true", "~callbacks", "~logger"],
        ["++loss.lambda=0.5", "model.net.widths=[8]", "data.classes=[0,1,2]", "data.val_size=400"],
        ["-m", "experiment=smoke,paper_cell", "loss.lambda=0,1"],
        ["paths.outputs=new/deep/folder", "name=a b", "data.monitor_size=10", "data.per_class=32"],
        ['data.root="data set/ünïcode"', "+trainer.gradient_clip_val=1", "hydra.verbose=true"],
        ["-m", "loss.lambda=0.1,0.1", "data.val_size=0,1417", "hydra.sweeper.max_batch_size=2"],
    ):
        checks.check([*arguments, DIGITS])
    assert not (tmp_path / "new").exists()

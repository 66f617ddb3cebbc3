"""Files from strangers: nothing in them runs, names stay text, and nothing is written outside its folder."""

import csv
import io
import json
import math
import pickle
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

from icv_lightning import EmbeddingModel, enroll, export, unseen
from icv_lightning.building import recorded_datamodule
from icv_lightning.data import DigitsDataModule
from icv_lightning.errors import UserError
from icv_lightning.escaping import file_stem
from icv_lightning.predict import __main__ as predict
from icv_lightning.records.csv_files import csv_text
from icv_lightning.records.results import read_results
from icv_lightning.verify import __main__ as verify

DATA = {"_target_": "icv_lightning.data.DigitsDataModule", "name": "digits", "num_classes": 10}
DATA |= {"channels": 1, "image_size": 28}


class Trap:
    """Unpickling it writes the file `marker`."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.marker,)


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    Image.new("L", (28, 28), 90).save(tmp_path / "picture.png")
    return tmp_path / "picture.png"


def altered(checkpoint: Path, change: Callable[[dict[str, Any]], Any]) -> None:
    content = torch.load(checkpoint, weights_only=True)
    change(content)
    torch.save(content, checkpoint)


def net(content: dict[str, Any]) -> dict[str, Any]:
    return content["hyper_parameters"]["config"]["model"]["net"]


STRANGERS: dict[str, Callable[[dict[str, Any], Path], Any]] = {
    "code": lambda c, marker: c.update(trap=Trap(marker)),
    "code in the optimizer": lambda c, marker: c.update(optimizer_states=[Trap(marker)]),
    "another class": lambda c, marker: net(c).update(_target_="os.mkdir", _args_=[str(marker)]),
    "through our module": lambda c, marker: net(c).update(
        _target_="icv_lightning.nets.convnet.nn.Linear", _args_=[2, 2]
    ),
    "a nested class": lambda c, marker: net(c).update(
        dropout={"_target_": "os.mkdir", "_args_": [str(marker)]}
    ),
    "an interpolated class": lambda c, marker: net(c).update(
        dropout=f"${{oc.create:{{_target_: os.mkdir, _args_: ['{marker}']}}}}"
    ),
    "a decoded class": lambda c, marker: net(c).update(
        dropout=f"${{oc.decode:'{{_target_: os.mkdir, _args_: [\"{marker}\"]}}'}}"
    ),
    "an environment's secret": lambda c, marker: net(c).update(dropout="${oc.env:HOME}"),
}


@pytest.mark.parametrize("kind", STRANGERS)
@pytest.mark.parametrize("command", ["predict", "enroll", "export", "verify", "python"])
def test_a_checkpoint_runs_nothing(kind, command, own_checkpoint, picture, started, tmp_path, capsys):
    marker = tmp_path / "marker"
    altered(own_checkpoint, lambda content: STRANGERS[kind](content, marker))
    options = ("--checkpoint", own_checkpoint)
    calls: dict[str, Callable[[], Any]] = {
        "predict": lambda: started(predict, *options, picture),
        "enroll": lambda: started(enroll, *options, "--name", "x", picture),
        "export": lambda: started(export, *options),
        "verify": lambda: verify._one(verify.parser().parse_args([*map(str, options), "--images", "."])),
        "python": lambda: EmbeddingModel.load(own_checkpoint),
    }
    if command in ("verify", "python"):
        with pytest.raises(UserError, match=r"can be loaded safely|none of this|interpolation"):
            calls[command]()
    else:
        assert calls[command]() == 2
        assert capsys.readouterr().err.count("\n") == 1
    assert not marker.exists()


@pytest.mark.parametrize("kind", ["code", "code in the optimizer"])
def test_a_run_that_starts_from_it_runs_nothing(kind, own_checkpoint, main, tmp_path, capsys):
    marker = tmp_path / "marker"
    altered(own_checkpoint, lambda content: STRANGERS[kind](content, marker))
    assert main(f"ckpt_path={own_checkpoint}", "trainer.max_epochs=1") > 0
    printed = capsys.readouterr().err
    assert "last.ckpt: not a checkpoint that can be loaded safely" in printed
    assert printed.count("\n") == 1
    assert not marker.exists()
    assert not list((tmp_path / "outputs").glob("*/*"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: c.pop("loops"), "holds no training to go on with, has no loops"),
        (lambda c: c["state_dict"].popitem(), "does not fit this configuration's model"),
        (lambda c: c.update(state_dict=5), "does not fit this configuration's model"),
    ],
    ids=["no training", "a tensor less", "no tensors"],
)
def test_a_run_cannot_start_from_half_a_checkpoint(change, message, own_checkpoint, main, tmp_path, capsys):
    altered(own_checkpoint, change)
    as_trained = ("trainer.max_epochs=1", "data.val_size=200", "data.image_size=28")
    assert main(f"ckpt_path={own_checkpoint}", *as_trained) > 0
    assert message in capsys.readouterr().err
    assert not list((tmp_path / "outputs").glob("*/*"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: net(c).update(embedding_dim=10**13), "its model cannot be built"),
        (lambda c: net(c).update(widths="many"), "its model cannot be built"),
        (lambda c: net(c).pop("_target_"), "its model cannot be built"),
        (lambda c: c["hyper_parameters"]["config"].pop("loss"), "its model cannot be built"),
        (lambda c: c["state_dict"].popitem(), "its model cannot be built"),
        (lambda c: c["hyper_parameters"].update(config=[]), "its model cannot be built"),
        (lambda c: c["data"].update(picture_input={"side": 3}), "its description of pictures cannot be read"),
        (lambda c: c["data"].update(picture_input=[1, 28, 28]), "its description of pictures cannot be read"),
        (lambda c: c["data"]["picture_input"].update(height=10**9), "no network takes pictures of"),
        (lambda c: c["data"]["picture_input"].update(crop="all"), "no network takes pictures of"),
        (lambda c: c.update(data=7), "its description of pictures cannot be read"),
    ],
)
def test_a_checkpoint_of_nonsense_is_one_line(change, message, own_checkpoint):
    altered(own_checkpoint, change)
    with pytest.raises(UserError, match=message) as error:
        EmbeddingModel.load(own_checkpoint)
    assert "\n" not in str(error.value)


def test_class_names_of_a_checkpoint_that_are_none_are_numbers(own_checkpoint):
    altered(own_checkpoint, lambda c: c["data"].update(class_names=["a"]))
    assert EmbeddingModel.load(own_checkpoint).class_names == [str(k) for k in range(10)]


def test_damaged_checkpoints_are_named(own_checkpoint):
    whole = own_checkpoint.read_bytes()
    for damaged in (whole[: len(whole) // 2], whole[:3], b"", whole[1000:]):
        own_checkpoint.write_bytes(damaged)
        with pytest.raises(UserError, match=r"last\.ckpt: not a checkpoint that can be loaded safely"):
            EmbeddingModel.load(own_checkpoint)
    own_checkpoint.unlink()
    own_checkpoint.mkdir()
    with pytest.raises(UserError, match=r"last\.ckpt: not a checkpoint"):
        EmbeddingModel.load(own_checkpoint)


def test_a_gallery_runs_nothing_and_fits_its_network(own_checkpoint, tmp_path):
    marker, gallery = tmp_path / "marker", own_checkpoint.with_suffix(".gallery")
    gallery.write_bytes(pickle.dumps(Trap(marker)))
    with pytest.raises(UserError, match="not a gallery that can be loaded safely"):
        EmbeddingModel.load(own_checkpoint)
    gallery.unlink()
    model = EmbeddingModel.load(own_checkpoint)
    model.gallery.enroll(torch.ones(1, 5), "of another network")
    model.save_gallery()
    with pytest.raises(UserError, match=r"last\.gallery: holds embeddings of 5, not 2 numbers"):
        EmbeddingModel.load(own_checkpoint)
    assert not marker.exists()


@pytest.mark.parametrize(
    "settings",
    [
        {"_target_": "os.mkdir", "_args_": ["marker"]},
        {"_target_": "icv_lightning.data.decoding.os.mkdir", "_args_": ["marker"]},
        {"_target_": "icv_lightning.data.decoding.Path", "_args_": ["marker"]},
        {"_target_": "icv_lightning.data.image_folder.read_picture", "_args_": ["marker"]},
        DATA | {"root": {"_target_": "os.mkdir", "_args_": ["marker"]}},
        DATA | {"root": "${oc.create:{_target_: os.mkdir, _args_: [marker]}}"},
        DATA | {"root": "${oc.env:HOME}"},
        {key: value for key, value in DATA.items() if key != "_target_"},
        DATA | {"num_classes": "many"},
        {},
    ],
)
def test_a_record_runs_nothing(settings, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError) as error:
        recorded_datamodule(settings)
    assert "\n" not in str(error.value)
    assert not list(tmp_path.iterdir())
    assert isinstance(recorded_datamodule(DATA), DigitsDataModule)


def test_a_grid_s_record_runs_nothing_and_names_no_other_place(own_checkpoint, tmp_path):
    run = own_checkpoint.parent.parent
    results: dict[str, Any] = read_results(run) or {}
    results["config"]["data"] |= {"_target_": "icv_lightning.data.decoding.os.mkdir", "_args_": ["marker"]}
    (run / "results.json").write_text(json.dumps(results))
    from icv_lightning.unseen.study import Protocol, evaluate

    assert unseen.__doc__ is not None
    with pytest.raises(UserError, match="none of this package's data sets"):
        evaluate(tmp_path, Protocol())
    results["config"]["data"] |= DATA | {"name": "../../../escaped"}
    results["config"]["data"].pop("_args_")
    (run / "results.json").write_text(json.dumps(results))
    before = set(tmp_path.parent.glob("**/*escaped*"))
    with pytest.raises(UserError, match="trained on all classes"):
        evaluate(tmp_path, Protocol())
    assert set(tmp_path.parent.glob("**/*escaped*")) == before
    assert file_stem("baselines-../../../escaped") == "baselines-.._.._.._escaped"


def test_the_report_keeps_hostile_data_names_in_its_folder(own_checkpoint, tmp_path):
    pytest.importorskip("bokeh")
    from icv_lightning.report.build import write_report

    grid = tmp_path / "grid"
    shutil.copytree(own_checkpoint.parent.parent, grid / "cell")
    results: dict[str, Any] = read_results(grid / "cell") or {}
    results["cell"]["data"] = "/../../=cmd|'/c calc'!A1\x1b[31m<b>"
    (grid / "cell" / "results.json").write_text(json.dumps(results))
    before = {path for path in tmp_path.rglob("*") if "report" not in path.parts}
    folder, _ = write_report([grid])
    assert {path for path in tmp_path.rglob("*") if "report" not in path.parts} == before
    written = [*(folder / "tables").iterdir(), folder / "index.html"]
    assert {"settings.csv", "tables.md"} <= {path.name for path in written}  # not the paper's grid
    for text in written:
        assert "\x1b[31m" not in text.read_text() or text.suffix == ".html"
        assert "A1\x1b[31m<b>" not in text.read_text()
    rows = [
        row for path in written if path.suffix == ".csv" for row in csv.reader(path.read_text().splitlines())
    ]
    assert all(not value.startswith("=") and "\x1b" not in value for row in rows for value in row)


NAMES = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    " =1",
    "＝1",
    "a;=1",
    'a",=1',
    "a\n=1",
    "\x1b]0;x\x07",
]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_no_cell_of_csv_is_a_formula_whatever_separates_cells(separator):
    text = csv_text([{"name": name, "value": -1.5, "other": name} for name in NAMES])
    for row in csv.reader(io.StringIO(text), delimiter=separator):
        for cell in row:
            assert not cell.lstrip().startswith(("=", "+", "@", "\t", "\r", "＝")), cell
            assert not cell.startswith("-") or float(cell.split(",")[0]) == -1.5
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["value"] for row in rows] == ["-1.5"] * len(NAMES)  # numbers stay numbers
    assert len(rows) == len(NAMES)
    assert all(character.isprintable() for character in text.replace("\n", ""))


def test_json_lines_hold_no_number_that_json_has_not(capsys):
    from icv_lightning.predict.formats import write_json

    write_json([{"file": "a\x1b\n", "distance": math.nan, "margin": math.inf, "probability": -0.5}])
    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line) == {"file": "a\x1b\n", "distance": None, "margin": None, "probability": -0.5}
    assert "\x1b" not in line


@pytest.mark.parametrize(
    "name", ["../../escaped", "/escaped", "..", "=cmd", "\x1b[31mred", "<script>", "a/b"]
)
def test_an_enrolled_name_is_only_text(name, own_checkpoint, picture, started, tmp_path, capsys):
    before = set(tmp_path.parent.rglob("*escaped*"))
    assert started(enroll, "--checkpoint", own_checkpoint, f"--name={name}", picture) == 0
    assert EmbeddingModel.load(own_checkpoint).gallery.names == [name]
    started(predict, "--checkpoint", own_checkpoint, "--format", "csv", picture)
    printed = capsys.readouterr()
    assert "\x1b" not in printed.out + printed.err
    assert set(tmp_path.parent.rglob("*escaped*")) == before


def test_a_message_never_commands_the_terminal():
    error = UserError("a\x1b[31m\n\x9bb\u202e: unreadable")
    assert str(error) == r"a\x1b[31m\n\x9bb\u202e: unreadable"


def test_a_zip_that_promises_too_much_is_no_checkpoint(tmp_path):
    with zipfile.ZipFile(tmp_path / "bomb.ckpt", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb/data.pkl", b"\0" * 10**7)
        archive.writestr("bomb/version", b"3")
    with pytest.raises(UserError, match=r"bomb\.ckpt: not a checkpoint that can be loaded safely"):
        EmbeddingModel.load(tmp_path / "bomb.ckpt")

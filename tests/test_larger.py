"""Larger problems as a user meets them: the experiment's cells, backbones in runs, checkpoints and ONNX."""

from pathlib import Path

import pytest
import torch
from torchvision import models

from icv_lightning import load_checkpoint
from icv_lightning.configuration.checks import check
from icv_lightning.errors import UserError
from icv_lightning.recognition.embedding_model import EmbeddingModel
from icv_lightning.records.checkpoints import read_checkpoint
from icv_lightning.records.results import read_results
from tests.conftest import cells
from tests.data.test_cifar import write

QUICK = ("trainer.max_epochs=1", "data.batch_size=32", "~callbacks.progress", "model.embedding_dim=4")
NET = ("model=backbone", "model.net.architecture=shufflenet_v2_x0_5")


def test_the_grid_is_four_data_sets_of_three_weights():
    found = [cell.config for cell in check(["-m", "experiment=larger"]).cells]
    assert [(c["data"]["name"], c["data"]["num_classes"]) for c in found[::3]] == [
        ("kmnist", 10), ("emnist_balanced", 47), ("cifar10", 10), ("cifar100_fine", 100)
    ]  # fmt: skip
    assert [c["loss"]["lambda"] for c in found] == [0, 0.05, 0.5] * 4
    assert {c["model"]["name"] for c in found} == {"resnet18"}
    assert {(c["data"]["channels"], c["data"]["image_size"]) for c in found} == {(1, 28), (3, 32)}
    field = ("loss=metric_learning", "loss.name=normalized_softmax", "loss.lambda=0")
    beside = [cell.config for cell in check(["-m", "experiment=larger", *field]).cells]
    assert len(beside) == 4
    assert len({c["cell"] for c in [*found, *beside]}) == 16


@pytest.mark.parametrize(
    ("split", "count"),
    [("byclass", 62), ("bymerge", 47), ("balanced", 47), ("letters", 26), ("digits", 10), ("mnist", 10)],
)
def test_each_split_has_its_number_of_classes(split, count):
    (found,) = check(["data=emnist", f"data.split={split}"]).cells
    assert found.config["data"]["num_classes"] == found.config["model"]["head"]["num_classes"] == count


@pytest.mark.parametrize("data", ["kmnist", "emnist", "cifar10", "cifar100"])
def test_a_validation_part_can_be_cut(data):
    (found,) = check([f"data={data}", "data.val_size=5000"]).cells
    assert found.config["data"]["val_size"] == 5000


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["data=emnist", "data.split=words"], "data.split=words: must be one of byclass, bymerge"),
        (["data=cifar100", "data.labels=medium"], "data.labels=medium: must be one of fine, coarse"),
        (["data=cifar100", "data.classes=[1,100]"], r"data.classes=\[1, 100\]: has \[100\]"),
        (
            ["model=backbone", "model.net.source=keras"],
            "model.net.source=keras: must be one of torchvision, timm",
        ),
        (["model=backbone", "model.net.small_images=1"], "model.net.small_images=1: must be true or false"),
        (["model=backbone", "model.net.architecture=null"], "model.name=null: must be "),
        (["model=backbone", "model.net.width=3"], "unknown key model.net.width"),
    ],
)
def test_wrong_settings_are_found_before_anything_starts(arguments, message):
    with pytest.raises(UserError, match=message):
        check(arguments)


def test_an_unknown_architecture_ends_the_command_in_one_line(main, tmp_path: Path, capsys):
    assert main("as_is", "data=digits", "model=backbone", "model.net.architecture=resnet81") == 2
    (error,) = capsys.readouterr().err.strip().splitlines()
    assert error.startswith(
        "error: model.net: architecture=resnet81: unknown in torchvision; the nearest are resnet18,"
    )
    assert not list(tmp_path.glob("outputs/*/*"))


def test_coarse_classes_of_a_recorded_run(main, tmp_path: Path, monkeypatch):
    write(tmp_path, monkeypatch, "CIFAR100")
    place = ("data=cifar100", "data.labels=coarse", f"data.root={tmp_path}")
    assert main("as_is", *place, *NET, *QUICK) == 0
    (folder,) = cells(tmp_path / "outputs")
    results = read_results(folder)
    assert results is not None
    assert folder.name.startswith("cifar100_coarse-d4-raw-l0.05-learned-s0-")
    assert len(results["per_class"]) == len(results["class_names"]) == 20
    assert (results["cell"]["model"], results["class_names"][3]) == ("shufflenet_v2_x0_5", "c3")


@pytest.fixture
def trained(main, tmp_path: Path) -> Path:
    """The checkpoint of a backbone that saw digits for an epoch."""
    assert main("as_is", "data=digits", "data.image_size=16", *NET, *QUICK) == 0
    (folder,) = cells(tmp_path / "outputs")
    return folder / "checkpoints" / "last.ckpt"


def test_a_checkpoint_predicts_without_downloads(trained, tmp_path: Path, monkeypatch):
    images = torch.randint(0, 256, (5, 1, 16, 16), dtype=torch.uint8)
    expected = load_checkpoint(trained)(images)
    content = read_checkpoint(trained)
    content["hyper_parameters"]["config"]["model"]["net"]["weights"] = "DEFAULT"  # as of a run that had them
    again = tmp_path / "pretrained.ckpt"
    torch.save(content, again)
    monkeypatch.setattr(models._api, "load_state_dict_from_url", None)
    for found, same in zip(load_checkpoint(again)(images), expected, strict=True):
        assert torch.equal(found, same)


@pytest.mark.slow
@pytest.mark.parametrize("architecture", ["resnet18", "mobilenet_v3_small"])
def test_its_onnx_agrees(main, tmp_path: Path, architecture):
    pytest.importorskip("onnxruntime", reason="needs the extra export")
    pytest.importorskip("onnxscript", reason="needs the extra export")
    from icv_lightning.recognition.onnx_file import write_onnx

    size = ("data=digits", "data.image_size=16", "model=backbone", f"model.net.architecture={architecture}")
    assert main("as_is", *size, *QUICK) == 0
    (folder,) = cells(tmp_path / "outputs")
    model = EmbeddingModel.load(folder / "checkpoints" / "last.ckpt")
    assert max(write_onnx(model, tmp_path / "net.onnx").values()) < 1e-4


@pytest.mark.slow
def test_a_small_resnet_learns_digits_with_and_without_the_term(main, tmp_path: Path):
    short = ("data.image_size=8", "data.batch_size=64", "trainer.max_epochs=3", "~callbacks.progress")
    assert main("as_is", "-m", "model=backbone", "data=digits", *short, "loss.lambda=0,0.05") == 0
    found = [read_results(folder) for folder in cells(tmp_path / "outputs")]
    assert [r["metrics"]["test/acc"] > 0.9 for r in found if r] == [True, True]
    ratios = {r["cell"]["lambda"]: r["metrics"]["test/var_ratio"] for r in found if r}
    assert ratios[0.05] < ratios[0]

"""Checkpoints load alone, and safely."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from icv_lightning import load_checkpoint
from icv_lightning.data import DigitsDataModule
from icv_lightning.errors import UserError
from icv_lightning.records.results import read_results


def test_a_checkpoint_alone_gives_the_accuracy_of_its_run(checkpoint: Path) -> None:
    module = load_checkpoint(checkpoint)
    data = DigitsDataModule("digits", num_classes=10, channels=1, image_size=28)
    data.setup()
    with torch.no_grad():
        outputs = module(data.test_part.images)
    accuracy = (outputs.logits.argmax(1) == data.test_part.target).double().mean().item()
    metrics = (read_results(checkpoint.parent.parent) or {})["metrics"]
    assert accuracy == metrics["test/acc"]
    assert module.centroids().shape == (10, 2)
    assert not module.training


def _altered(checkpoint: Path, path: Path, change: Callable[[dict[str, Any]], None]) -> Path:
    content = torch.load(checkpoint, weights_only=True)
    change(content)
    torch.save(content, path)
    return path


@pytest.mark.parametrize(
    "target",
    [
        "os.system",
        "subprocess.Popen",
        "icv_lightning.nets.convnet.nn.Linear",
        "icv_lightning.nets.blocks.conv",
        "icv_lightning.nets.nothing.Here",
        "icv_lightning.data.digits.load_digits",
        "torch.nn.Linear",
    ],
)
def test_a_stranger_s_class_is_not_built(checkpoint: Path, tmp_path: Path, target: str) -> None:
    def change(content: dict[str, Any]) -> None:
        content["hyper_parameters"]["config"]["model"]["net"]["_target_"] = target

    with pytest.raises(UserError, match=f"names '{target}', which is none of this package's"):
        load_checkpoint(_altered(checkpoint, tmp_path / "evil.ckpt", change))


def test_a_nested_stranger_is_found(checkpoint: Path, tmp_path: Path) -> None:
    def change(content: dict[str, Any]) -> None:
        content["hyper_parameters"]["config"]["model"]["net"]["widths"] = [{"_target_": "os.getcwd"}]

    with pytest.raises(UserError, match=r"names 'os\.getcwd'"):
        load_checkpoint(_altered(checkpoint, tmp_path / "evil.ckpt", change))


class Trap:
    """Unpickling runs code."""

    def __reduce__(self) -> tuple[Any, ...]:
        return print, ("caught",)


def test_code_in_the_file_does_not_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    torch.save({"state_dict": {}, "trap": Trap()}, tmp_path / "trap.ckpt")
    with pytest.raises(UserError, match="not a checkpoint that can be loaded safely"):
        load_checkpoint(tmp_path / "trap.ckpt")
    assert "caught" not in capsys.readouterr().out


def test_other_files_are_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "text.ckpt").write_text("no")
    torch.save({"state_dict": {}}, tmp_path / "other.ckpt")
    with pytest.raises(UserError, match=r"text\.ckpt: not a checkpoint that can be loaded safely"):
        load_checkpoint(tmp_path / "text.ckpt")
    with pytest.raises(UserError, match=r"absent\.ckpt: not a checkpoint"):
        load_checkpoint(tmp_path / "absent.ckpt")
    with pytest.raises(UserError, match=r"other\.ckpt: not a checkpoint of icv_lightning"):
        load_checkpoint(tmp_path / "other.ckpt")


def test_trusted_classes_may_be_built(checkpoint: Path, tmp_path: Path) -> None:
    def change(content: dict[str, Any]) -> None:
        content["hyper_parameters"]["config"]["model"]["net"]["_target_"] = f"{__name__}.OwnNet"

    path = _altered(checkpoint, tmp_path / "own.ckpt", change)
    with pytest.raises(UserError, match="OwnNet"):
        load_checkpoint(path)
    assert isinstance(load_checkpoint(path, trusted=[f"{__name__}."]).net, OwnNet)


from icv_lightning.nets import ConvNet  # noqa: E402


class OwnNet(ConvNet):
    """Somebody's own network."""


def test_a_trusted_text_is_one_name_and_prefixes_end_at_a_dot(checkpoint, tmp_path):
    content = torch.load(checkpoint, weights_only=True)
    content["hyper_parameters"]["config"]["model"]["head"]["_target_"] = "xmine.nets.Head"
    torch.save(content, tmp_path / "other.ckpt")
    for trusted in ("xm", "xmine.n", ["x", "m"], ()):
        with pytest.raises(UserError, match=r"names 'xmine\.nets\.Head', which is none of"):
            load_checkpoint(tmp_path / "other.ckpt", trusted=trusted)

"""Weights that a new run takes from another run's checkpoint."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from icv_lightning.records.results import read_results
from tests.conftest import cells

Main = Callable[..., int]


def last(folder: Path) -> dict[str, Any]:
    return torch.load(folder / "checkpoints" / "last.ckpt", weights_only=True)


def test_weights_of_another_run_start_a_new_one(main: Main, tmp_path: Path, capsys) -> None:
    """Seven classes: the network fits, head and centroids do not; the frozen part stays as it was."""
    assert main("epochs=1", "name=first") == 0
    (first,) = cells(tmp_path / "outputs")
    options = ("data.classes=[0,1,2,3,4,5,6]", f"init_from={first}", "model.freeze=true", "epochs=1")
    assert main(*options, "name=second") == 0
    (second,) = (tmp_path / "outputs" / "second").glob("*/results.json")
    second = second.parent
    found = read_results(second) or {}
    there, here = last(first)["state_dict"], last(second)["state_dict"]
    new = found["init_from"]["new"]
    assert new["head.weight"] == "10 x 2 there, 7 x 2 here"
    assert set(new) >= {"head.weight", "head.bias", "centroids.weight"}
    assert not any(name.startswith("net.") for name in new)
    assert found["init_from"]["epoch"] == 1
    embedding = [name for name in here if name.startswith("net.")][-2:]
    for name in here:
        if name.startswith("net."):
            assert torch.equal(there[name], here[name]) == (name not in embedding), name
    said = capsys.readouterr().err
    assert "tensors taken; these start anew: head.weight (10 x 2 there, 7 x 2 here)" in said

    moved = tmp_path / "moved.ckpt"
    moved.write_bytes((first / "checkpoints" / "last.ckpt").read_bytes())
    assert main(*options[:1], f"init_from={moved}", *options[2:], "name=second") == 0
    assert "already completed" in capsys.readouterr().out  # where the file lies does not matter


def test_all_weights_of_an_equal_network_are_taken(main: Main, tmp_path: Path) -> None:
    assert main("epochs=1", "name=first") == 0
    (first,) = cells(tmp_path / "outputs")
    assert main("epochs=1", "loss.lambda=0.5", f"init_from={first}", "lr=1e-12", "name=second") == 0
    (second,) = (tmp_path / "outputs" / "second").glob("*/results.json")
    second = second.parent
    assert (read_results(second) or {})["init_from"]["new"] == {}
    there, here = last(first)["state_dict"], last(second)["state_dict"]
    for name in ("head.weight", "centroids.weight", "net.0.mean"):
        torch.testing.assert_close(there[name], here[name], rtol=1e-6, atol=1e-6)

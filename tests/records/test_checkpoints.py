"""Which file is a run's checkpoint, and reading it without running code."""

import json

import pytest
import torch

from icv_lightning.errors import UserError
from icv_lightning.records.checkpoints import checkpoint_file, read_checkpoint

CONTENT = {"hyper_parameters": {"config": {}}, "state_dict": {"w": torch.ones(2)}}


@pytest.mark.parametrize(
    ("weights", "file"), [("best", "best.ckpt"), ("last", "last.ckpt"), (None, "last.ckpt")]
)
def test_a_run_means_the_weights_that_were_tested(tmp_path, weights, file):
    (tmp_path / "checkpoints").mkdir()
    for name in ("best.ckpt", "last.ckpt"):
        (tmp_path / "checkpoints" / name).touch()
    if weights:
        (tmp_path / "results.json").write_text(json.dumps({"weights": weights}))
    assert checkpoint_file(tmp_path) == tmp_path / "checkpoints" / file


def test_a_file_is_itself_and_a_folder_without_checkpoint_is_refused(tmp_path):
    assert checkpoint_file(tmp_path / "own.ckpt") == tmp_path / "own.ckpt"
    with pytest.raises(UserError, match=r"there is no checkpoints/last\.ckpt"):
        checkpoint_file(tmp_path)


def test_tensors_and_primitives_are_read(tmp_path):
    torch.save(CONTENT, tmp_path / "a.ckpt")
    assert read_checkpoint(tmp_path / "a.ckpt")["state_dict"]["w"].tolist() == [1, 1]


@pytest.mark.parametrize("content", [{"state_dict": {}}, {"hyper_parameters": {}, "state_dict": {}}, [1]])
def test_content_of_another_kind_is_refused(tmp_path, content):
    torch.save(content, tmp_path / "a.ckpt")
    with pytest.raises(UserError, match="not a checkpoint of icv_lightning"):
        read_checkpoint(tmp_path / "a.ckpt")


class Code:
    """Would run a command when unpickled."""

    def __reduce__(self):
        return exec, ("raise SystemExit('ran')",)


def test_code_is_not_run(tmp_path):
    torch.save(CONTENT | {"code": Code()}, tmp_path / "a.ckpt")
    with pytest.raises(UserError, match="not a checkpoint that can be loaded safely"):
        read_checkpoint(tmp_path / "a.ckpt")


@pytest.mark.parametrize("protocol", [3, 5])
def test_a_file_of_another_protocol_is_read_or_refused_without_a_second_line(tmp_path, protocol, recwarn):
    torch.save({"state_dict": {}, "hyper_parameters": {}}, tmp_path / "a.ckpt", pickle_protocol=protocol)
    with pytest.raises(UserError, match=r"a\.ckpt: not a checkpoint"):
        read_checkpoint(tmp_path / "a.ckpt")
    assert not recwarn.list

"""The checkpoint of the last epoch, through a real training."""

import pytest
import torch


@pytest.fixture(scope="module")
def run(digits_run):
    return digits_run(epochs=2, every=1, val_size=0)


def test_one_file_in_the_folder_of_the_run(run):
    assert [path.name for path in (run.folder / "checkpoints").iterdir()] == ["last.ckpt"]


def test_written_at_the_end_of_every_epoch(digits_run):
    assert digits_run(epochs=3, every=2, val_size=100).watch.epochs_on_disk == [0, 1]


def test_holds_the_last_epoch_and_loads_safely(run):
    content = torch.load(run.folder / "checkpoints" / "last.ckpt", weights_only=True)
    assert content["epoch"] == 1
    assert content["global_step"] == 2 * 23  # 1,437 images in batches of 64
    state = run.module.state_dict()
    assert content["state_dict"].keys() == state.keys()
    assert all(torch.equal(value, state[key]) for key, value in content["state_dict"].items())

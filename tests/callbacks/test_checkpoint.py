"""The checkpoint of the last epoch, through a real training."""

import lightning as L
import pytest
import torch
from lightning.pytorch.demos.boring_classes import BoringModel

from icv_lightning.callbacks import LastCheckpoint


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


@pytest.mark.filterwarnings("ignore:Checkpoint directory")
def test_a_run_from_the_start_replaces_what_stands_there(tmp_path):
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / "last.ckpt").write_text("of a run before")
    trainer = L.Trainer(
        max_epochs=1, limit_train_batches=1, limit_val_batches=0, accelerator="cpu", logger=False,
        default_root_dir=tmp_path, callbacks=[LastCheckpoint()], enable_progress_bar=False,
        enable_model_summary=False,
    )  # fmt: skip
    trainer.fit(BoringModel())
    (path,) = (tmp_path / "checkpoints").iterdir()
    assert path.name == "last.ckpt"
    assert torch.load(path, weights_only=True)["global_step"] == 1

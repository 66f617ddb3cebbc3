"""Own pictures that cannot be read, that do not fit the memory, and what the record says of them."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from icv_lightning.data import ImageFolderDataModule
from icv_lightning.data.decoding import LazyImages
from icv_lightning.errors import UserError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two classes of twenty pictures each."""
    rng = np.random.default_rng(0)
    for name in ("ant", "bee"):
        (tmp_path / name).mkdir()
        for k in range(20):
            Image.fromarray(rng.integers(256, size=(6, 6), dtype=np.uint8)).save(
                tmp_path / name / f"{k:02}.png"
            )
    return tmp_path


def cut(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).write_bytes((folder / name).read_bytes()[:50])


def made(folder: Path, **options) -> ImageFolderDataModule:
    basic = {"name": "mine", "num_classes": 2, "channels": 1, "image_size": 4, "batch_size": 4}
    data = ImageFolderDataModule(str(folder), **basic | options)
    data.setup()
    return data


def test_all_damaged_pictures_are_named_at_once(folder):
    cut(folder, *(f"ant/{k:02}.png" for k in range(12)))
    with pytest.raises(UserError) as error:
        made(folder)
    message = str(error.value)
    assert "12 of 40 pictures cannot be read: " in message
    assert all(f"ant/{k:02}.png" in message for k in range(10))
    assert "and 2 more; data.unreadable=skip leaves them out" in message
    assert "unreadable picture (" in message


def test_damaged_pictures_can_be_left_out(folder):
    whole = made(folder)
    names = ["ant/03.png", "bee/11.png", "bee/12.png"]
    cut(folder, *names)
    data = made(folder, unreadable="skip")
    assert len(data.train_part) + len(data.test_part) == 37
    assert data.recorded()["unreadable"] == {"count": 3, "files": names}
    assert data.recorded()["class_names"] == ["ant", "bee"]
    for part, before in ((data.train_part, whole.train_part), (data.test_part, whole.test_part)):
        rows = {tuple(x.flatten().tolist()) for x in before.images}
        assert {tuple(x.flatten().tolist()) for x in part.images} <= rows


def test_nothing_is_recorded_where_all_can_be_read(folder):
    assert made(folder, unreadable="skip").recorded() == {"class_names": ["ant", "bee"]}


def test_a_class_that_cannot_be_read_at_all(folder):
    cut(folder, *(f"ant/{k:02}.png" for k in range(20)))
    with pytest.raises(UserError, match="no picture of these classes can be read: ant"):
        made(folder, unreadable="skip")


@pytest.mark.parametrize("unreadable", ["stop", "skip"])
def test_pictures_beyond_the_memory_are_tried_before_training(folder, unreadable):
    cut(folder, "bee/01.png")
    if unreadable == "stop":
        with pytest.raises(UserError, match=r"1 of 40 pictures cannot be read: bee/01.png"):
            made(folder, memory_gb=0)
    else:
        data = made(folder, memory_gb=0, unreadable=unreadable)
        assert isinstance(data.train_part.images, LazyImages)
        assert len(data.train_part) + len(data.test_part) == 39


def test_decoded_on_demand_is_as_in_memory(folder):
    kept, lazy = made(folder), made(folder, memory_gb=0)
    assert lazy.train_dataloader().num_workers > 0
    assert kept.train_dataloader().num_workers == 0
    for (images, target), (others, same) in zip(
        kept.train_dataloader(), lazy.train_dataloader(), strict=True
    ):
        assert torch.equal(images, others)
        assert torch.equal(target, same)
    for one, other in zip(kept.pixel_statistics(), lazy.pixel_statistics(), strict=True):
        assert torch.equal(one, other)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"unreadable": "ask"}, "unreadable must be stop or skip, got 'ask'"),
        ({"memory_gb": -1}, "memory_gb must not be negative, got -1"),
    ],
)
def test_bad_arguments(folder, options, message):
    with pytest.raises(ValueError, match=message):
        made(folder, **options)

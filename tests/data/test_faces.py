"""Folders of persons, all pictures made here."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.transforms import v2

from icv_lightning.data import FacesDataModule
from icv_lightning.data.decoding import LazyImages
from icv_lightning.data.identities import count_identities
from icv_lightning.errors import UserError


def people(root: Path, **counts: int) -> Path:
    """A folder per person, picture i of a random pattern, 8 wide and 10 high."""
    rng = np.random.default_rng(0)
    for name, count in counts.items():
        (root / name).mkdir(parents=True)
        for i in range(count):
            pixels = rng.integers(256, size=(10, 8), dtype=np.uint8)
            Image.fromarray(pixels).save(root / name / f"{name}_{i + 1:04}.png")
    return root


def faces(root: Path, classes: int, **options) -> FacesDataModule:
    basic = {"name": "faces", "num_classes": classes, "channels": 1, "image_size": 8, "batch_size": 4}
    data = FacesDataModule(root, **basic | options)
    data.setup()
    return data


@pytest.fixture
def ten(tmp_path: Path) -> Path:
    return people(tmp_path, **{f"p{k}": 5 for k in range(10)})


def test_train_test_and_unseen(ten):
    data = faces(ten, 7, held_out=0.2, test_fraction=0.2)
    assert data.train_part.target.bincount().tolist() == [3, *[4] * 6]
    assert data.test_part.target.bincount().tolist() == [2, *[1] * 6]  # about a fifth
    unseen = data.unseen()
    assert unseen.target.bincount().tolist() == [5, 5, 5]
    _, verified = data.persons()
    assert not set(data.class_names) & {path.name for path in verified}
    images = [data.train_part.images, data.test_part.images, unseen.images]
    assert len(torch.cat(images).unique(dim=0)) == 50  # every picture once, in one part


def test_the_test_part_is_the_same_for_every_seed(ten):
    one, other = faces(ten, 8, seed=0), faces(ten, 8, seed=1)
    assert torch.equal(one.test_part.images, other.test_part.images)


def test_more_persons_and_pictures_move_no_other(ten):
    before = faces(ten, 7, held_out=0.2, test_fraction=0.2, monitor_size=2)
    people(ten, zoe=9, yan=1)
    for name in ("p1", "p4"):
        Image.new("L", (8, 10)).save(ten / name / "more.png")
    after = faces(ten, count_identities(str(ten), 0.2), held_out=0.2, test_fraction=0.2, monitor_size=2)
    old, new = ([path.name for path in part] for part in before.persons()), [*after.persons()]
    for names, paths in zip(old, new, strict=True):
        assert {*names} <= {path.name for path in paths}
    for part in ("train_part", "test_part"):
        one, other = ({bytes(x.numpy()) for x in getattr(data, part).images} for data in (before, after))
        assert one <= other


def test_a_person_with_one_picture_is_trained_on_and_never_tested(tmp_path):
    data = faces(people(tmp_path, ann=1, bob=6, cy=1), 3, held_out=0, monitor_size=2)
    assert data.train_part.target.bincount().tolist() == [1, 5, 1]
    assert data.test_part.target.tolist() == [1]
    assert data.monitor_part.target.tolist() == [0, 2]  # evenly spaced
    assert len(data.unseen()) == 0


@pytest.mark.parametrize("workers", [0, 1])
def test_on_demand_is_as_kept_in_memory(ten, workers):
    options = {"held_out": 0.2, "transform": v2.RandomHorizontalFlip(0.5), "num_workers": workers}
    kept = faces(ten, 7, memory_gb=1, **options)
    lazy = faces(ten, 7, memory_gb=0, **options)
    assert isinstance(lazy.train_part.images, LazyImages)
    assert isinstance(kept.train_part.images, torch.Tensor)
    for (a, k), (b, j) in zip(kept.train_dataloader(), lazy.train_dataloader(), strict=True):
        assert torch.equal(a, b)
        assert torch.equal(k, j)
    for a, b in zip(kept.pixel_statistics(), lazy.pixel_statistics(), strict=True):
        assert torch.equal(a, b)


@pytest.mark.parametrize("workers", [0, 1])
def test_a_picture_that_a_worker_cannot_read_is_named_in_one_line(ten, workers):
    data = faces(ten, 10, held_out=0, memory_gb=0, num_workers=workers)
    for path in ten.glob("p3/*"):
        path.write_bytes(b"no picture")
    with pytest.raises(UserError, match=r"^\S*/p3/p3_\d{4}.png: unreadable picture") as caught:
        list(data.train_dataloader())
    assert "\n" not in str(caught.value)


def test_flips_differ_from_picture_to_picture_and_epoch_to_epoch(ten):
    data = faces(ten, 10, held_out=0, transform=v2.RandomHorizontalFlip(0.5))
    part = data.train_part
    plain = part.images[part.index]

    def flipped(epoch: int) -> list[bool]:
        part.epoch = epoch
        images, _ = part.__getitems__(range(len(part)))
        assert all(
            torch.equal(a, b) or torch.equal(a, b.flip(-1)) for a, b in zip(images, plain, strict=True)
        )
        return [not torch.equal(a, b) for a, b in zip(images, plain, strict=True)]

    first = flipped(0)
    assert 0 < sum(first) < len(first)
    assert flipped(0) == first != flipped(1)


def test_colour_and_an_oblong_shape(ten):
    data = faces(ten, 8, channels=3, image_size=14, image_width=12)
    assert data.train_part.images.shape[1:] == (3, 14, 12)


def test_class_balanced_batches(ten):
    data = faces(ten, 10, held_out=0, test_fraction=0.2, batch_size=8, per_class=2)
    for _, target in data.train_dataloader():
        assert set(target.bincount().tolist()) == {0, 2}


def test_a_person_without_pictures_is_named(ten):
    (ten / "zoe").mkdir()
    with pytest.raises(UserError, match="persons without pictures: zoe"):
        faces(ten, 11, held_out=0)


def test_one_picture_each_leaves_nothing_to_test(tmp_path):
    with pytest.raises(UserError, match="persons need two pictures for a test part"):
        faces(people(tmp_path, ann=1, bob=1), 2, held_out=0)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"held_out": 1}, r"held_out must be in \[0, 1\), got 1"),
        ({"test_fraction": 0}, r"test_fraction must be in \(0, 1\), got 0"),
        ({"crop": 0}, r"crop must be in \(0, 1\], got 0"),
        ({"crop": 1.1}, r"crop must be in \(0, 1\], got 1.1"),
        ({"memory_gb": -1}, "memory_gb must not be negative, got -1"),
        ({"channels": 2}, "channels must be 1 or 3, got 2"),
    ],
)
def test_refused_arguments(ten, options, message):
    with pytest.raises(ValueError, match=message):
        faces(ten, 10, **options)

"""Anybody's own pictures, made here."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from icv_lightning.data import ImageFolderDataModule
from icv_lightning.errors import UserError


def picture(path: Path, grey: int = 100, size: tuple[int, int] = (6, 4)) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("L", size, grey).save(path)


def folder(root: Path, **classes: int) -> Path:
    """A folder per class with so many pictures, each of a grey of its own, and `.txt` beside them."""
    grey = iter(range(1, 256))
    for name, count in classes.items():
        for i in range(count):
            picture(root / name / f"{i}.png", next(grey))
        (root / name).mkdir(parents=True, exist_ok=True)
        (root / name / "notes.txt").write_text("not a picture")
    return root


def images_of(root: Path, classes: int = 2, **options) -> ImageFolderDataModule:
    basic = {"name": "mine", "num_classes": classes, "channels": 1, "image_size": 4, "folder": str(root)}
    data = ImageFolderDataModule(**basic | options)
    data.setup()
    return data


def greys(part) -> list[int]:
    return part.images[:, 0, 0, 0].tolist()


def test_train_and_test_folders(tmp_path):
    folder(tmp_path / "train", bee=2, ant=3)
    folder(tmp_path / "test", ant=1, bee=2)
    data = images_of(tmp_path)
    assert data.class_names == ["ant", "bee"]
    assert data.train_part.target.tolist() == [0, 0, 0, 1, 1]
    assert greys(data.train_part) == [3, 4, 5, 1, 2]
    assert data.test_part.target.tolist() == [0, 1, 1]
    assert greys(data.test_part) == [1, 2, 3]


def test_one_folder_is_split_by_the_names_of_pictures_and_the_same_for_every_seed(tmp_path):
    folder(tmp_path, ant=20, bee=10)
    first, other = images_of(tmp_path, seed=0), images_of(tmp_path, seed=1)
    assert first.train_part.target.bincount().tolist() == [18, 9]
    assert first.test_part.target.bincount().tolist() == [2, 1]
    assert sorted(greys(first.train_part) + greys(first.test_part)) == list(range(1, 31))
    assert torch.equal(first.test_part.images, other.test_part.images)
    assert images_of(tmp_path, test_fraction=0.5).test_part.target.bincount().tolist() == [6, 3]


def test_hidden_files_and_folders_are_passed_over(tmp_path):
    folder(tmp_path, ant=5, bee=5)
    folder(tmp_path, **{".cache": 3})
    (tmp_path / "ant" / "._0.png").write_bytes(b"left by an archiver")
    (tmp_path / "readme.txt").write_text("mine")
    data = images_of(tmp_path)
    assert data.class_names == ["ant", "bee"]
    assert len(data.train_part) + len(data.test_part) == 10


def saved(tmp_path: Path, image: Image.Image, suffix: str = "png") -> Path:
    """A folder whose class `ant` has two copies of `image`, beside two black pictures of `bee`."""
    folder(tmp_path, bee=2)
    (tmp_path / "ant").mkdir()
    for i in range(2):
        image.save(tmp_path / "ant" / f"{i}.{suffix}")
    return tmp_path


def palette() -> Image.Image:
    image = Image.new("P", (4, 4), 1)
    image.putpalette([0, 0, 0, 200, 100, 50])
    return image


@pytest.mark.parametrize(
    ("image", "suffix", "grey", "rgb"),
    [
        (Image.new("L", (4, 4), 120), "PNG", 120, (120, 120, 120)),
        (Image.new("RGB", (4, 4), (200, 100, 50)), "bmp", 124, (200, 100, 50)),
        (Image.new("RGBA", (4, 4), (200, 100, 50, 255)), "png", 124, (200, 100, 50)),
        (palette(), "gif", 124, (200, 100, 50)),
        (Image.new("1", (4, 4), 1), "png", 255, (255, 255, 255)),
        (Image.fromarray(np.full((4, 4), 30_000, np.uint16)), "png", 117, (117, 117, 117)),
        (Image.fromarray(np.full((4, 4), 30_000, np.uint16)), "pgm", 117, (117, 117, 117)),
    ],
    ids=["grey", "rgb", "rgba", "palette", "bitmap", "16-bit", "16-bit pgm"],
)
def test_every_kind_of_picture_becomes_grey_or_rgb(tmp_path, image, suffix, grey, rgb):
    root = saved(tmp_path, image, suffix)
    one, three = (images_of(root, channels=c, test_fraction=0.5).train_part for c in (1, 3))
    assert one.images[one.target == 0].unique().tolist() == [grey]
    assert three.images.shape[1:] == (3, 4, 4)
    for channel, value in enumerate(rgb):
        assert three.images[three.target == 0][:, channel].unique().tolist() == [value]


def test_pictures_are_resized_to_squares_right_side_up(tmp_path):
    halves = np.zeros((8, 20), np.uint8)
    halves[:4] = 200  # the upper half is bright
    root = saved(tmp_path, Image.fromarray(halves))
    part = images_of(root, image_size=2, test_fraction=0.5).train_part
    upper, lower = part.images[part.target == 0][0, 0]
    assert upper.min() > 150
    assert lower.max() < 50


def test_a_turned_camera_is_allowed_for(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 3  # upside down
    halves = np.zeros((8, 8), np.uint8)
    halves[4:] = 200
    folder(tmp_path, bee=2)
    (tmp_path / "ant").mkdir()
    for i in range(2):
        Image.fromarray(halves).save(tmp_path / "ant" / f"{i}.png", exif=exif)
    part = images_of(tmp_path, image_size=2, test_fraction=0.5).train_part
    upper, lower = part.images[part.target == 0][0, 0]
    assert upper.min() > 150
    assert lower.max() < 50


def test_classes_announced_must_be_those_found(tmp_path):
    folder(tmp_path, ant=5, bee=5, cow=5)
    with pytest.raises(UserError, match=r"classes 0 to 1 \(data.num_classes=2\), found \[0, 1, 2\]"):
        images_of(tmp_path, classes=2)


def test_one_class(tmp_path):
    folder(tmp_path, ant=5)
    with pytest.raises(UserError, match=r"needs at least two class folders, found \['ant'\]"):
        images_of(tmp_path)


def test_no_such_folder(tmp_path):
    with pytest.raises(UserError, match=r"none: not a folder that can be read \(No such file or directory\)"):
        images_of(tmp_path / "none")


def test_a_test_part_is_cut_where_there_is_none(tmp_path):
    folder(tmp_path / "train", ant=10, bee=10)
    folder(tmp_path / "Validation", ant=2, bee=1)
    data = images_of(tmp_path)
    assert data.train_part.target.bincount().tolist() == [5, 9]
    assert data.test_part.target.bincount().tolist() == [5, 1]
    assert data.has_validation
    assert greys(data.val_part) == [1, 2, 3]
    assert data.val_dataloader()[1].dataset is data.val_part
    with pytest.raises(UserError, match=r"data.val_size=4: must be 0 where there is a validation part"):
        images_of(tmp_path, val_size=4)


def test_no_picture_in_test(tmp_path):
    folder(tmp_path / "train", ant=2, bee=2)
    folder(tmp_path / "test", ant=0)
    with pytest.raises(UserError, match="no pictures in its class folders"):
        images_of(tmp_path)


def test_a_class_that_test_lacks_is_no_error(tmp_path):
    folder(tmp_path / "train", ant=2, bee=2)
    folder(tmp_path / "test", bee=1)
    assert images_of(tmp_path).test_part.target.tolist() == [1]


def test_a_class_that_train_lacks(tmp_path):
    folder(tmp_path / "train", ant=2, bee=2)
    folder(tmp_path / "test", ant=2, cow=1)
    with pytest.raises(UserError, match=r"test: classes that train lacks: cow"):
        images_of(tmp_path)


@pytest.mark.parametrize("layout", ["", "train"])
def test_a_class_folder_without_pictures(tmp_path, layout):
    folder(tmp_path / layout, ant=4, bee=4, cow=0)
    folder(tmp_path / "test", ant=1) if layout else None
    with pytest.raises(UserError, match=r"class folders without pictures: cow"):
        images_of(tmp_path, classes=3)


def test_too_few_pictures_to_cut_a_test_part(tmp_path):
    folder(tmp_path, ant=4, bee=1)
    with pytest.raises(UserError, match=r"too few pictures to cut a test part, a class has 1"):
        images_of(tmp_path)


def test_an_unreadable_picture_is_named(tmp_path):
    folder(tmp_path, ant=4, bee=4)
    broken = tmp_path / "bee" / "2.png"
    broken.write_bytes(broken.read_bytes()[:40])
    with pytest.raises(UserError, match=r"bee/2\.png: unreadable picture"):
        images_of(tmp_path)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"test_fraction": 0}, r"test_fraction must be in \(0, 1\), got 0"),
        ({"test_fraction": 1.0}, r"test_fraction must be in \(0, 1\), got 1.0"),
        ({"channels": 2}, "channels must be 1 or 3, got 2"),
    ],
)
def test_bad_arguments(tmp_path, options, message):
    with pytest.raises(ValueError, match=message):
        images_of(tmp_path, **options)

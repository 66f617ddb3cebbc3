"""A file is brought to a network as in training, for every data set; what looks otherwise is told."""

import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from icv_lightning import enroll
from icv_lightning.data import (
    DigitsDataModule,
    FacesDataModule,
    ImageDataModule,
    ImageFolderDataModule,
    MNISTDataModule,
    OmniglotDataModule,
    ORLDataModule,
    SyntheticIdentitiesDataModule,
)
from icv_lightning.data.omniglot import DRAWING
from icv_lightning.data.picture import PictureInput
from icv_lightning.predict import __main__ as predict
from icv_lightning.recognition.picture_files import PictureFiles

COUNT = 20


def read_by_predict(files: list[Path], taken: PictureInput) -> torch.Tensor:
    return torch.cat([images for _, images in PictureFiles(files, taken)])


def saved(images: torch.Tensor, folder: Path) -> list[Path]:
    """Write tensors as the pictures that they are."""
    files = [folder / f"{number:02}.png" for number in range(len(images))]
    for file, image in zip(files, images, strict=True):
        pixels = image.permute(1, 2, 0).numpy()
        Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels).save(file)
    return files


def in_memory(name: str, root: Path | None) -> ImageDataModule:
    if name in ("MNIST", "FashionMNIST"):
        return MNISTDataModule(name, name=name, num_classes=10, channels=1, image_size=28, root=str(root))
    if name == "digits":
        return DigitsDataModule("digits", 10, channels=1, image_size=28)
    return SyntheticIdentitiesDataModule(name="made", num_classes=5, channels=3, image_size=24)


@pytest.mark.parametrize("name", ["digits", "synthetic", "MNIST", "FashionMNIST"])
def test_images_without_files_are_read_as_they_are(name, tmp_path, request):
    root = request.getfixturevalue("data_root") if "MNIST" in name else None
    data = in_memory(name, root)
    data.setup()
    images = data.train_part.images[:COUNT]
    assert torch.equal(read_by_predict(saved(images, tmp_path), data.picture_input), images)


def test_omniglot_s_own_drawings(tmp_path, data_root):
    data = OmniglotDataModule(
        name="omniglot", num_classes=136, channels=1, image_size=28, root=str(data_root)
    )
    data.setup()
    with zipfile.ZipFile(data_root / "omniglot-py" / "images_background_small1.zip") as archive:
        drawn = [m for name in sorted(archive.namelist()) if (m := DRAWING.fullmatch(name))]
        chosen = [match[0] for match in drawn if int(match["drawer"]) <= 15][:COUNT]
        archive.extractall(tmp_path, chosen)
    images = data.train_part.images[:COUNT]
    assert torch.equal(read_by_predict([tmp_path / name for name in chosen], data.picture_input), images)
    assert images.float().mean() < 64  # bright strokes on a dark ground


@pytest.mark.parametrize(("kind", "crop"), [("image_folder", None), ("faces", 0.7)])
def test_one_s_own_pictures(kind, crop, tmp_path):
    generator = np.random.default_rng(0)
    for number in range(2 * COUNT):
        path = tmp_path / "train" / "ab"[number % 2] / f"{number:02}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(generator.integers(0, 256, (40, 30, 3), dtype=np.uint8)).save(path)
    options = {"name": kind, "num_classes": 2, "channels": 3, "image_size": 16, "cache": None}
    if kind == "image_folder":
        data: ImageDataModule = ImageFolderDataModule(str(tmp_path / "train"), **options)
    else:
        data = FacesDataModule(str(tmp_path / "train"), held_out=0, crop=crop, image_width=12, **options)
    data.setup()
    files = [Path(file) for file in data.sampled_files][:COUNT]
    assert len(files) == COUNT
    assert torch.equal(read_by_predict(files, data.picture_input), data.train_part.images[:COUNT])


def test_orl(data_root):
    data = ORLDataModule(
        name="orl", num_classes=30, channels=1, image_size=64, image_width=48, crop=0.9, root=str(data_root),
        cache=None,
    )  # fmt: skip
    data.setup()
    step = torch.linspace(0, len(data.train_part) - 1, len(data.sampled_files), dtype=torch.float64)
    images = data.train_part.images[step.round().long()][:COUNT]
    assert torch.equal(read_by_predict(data.sampled_files[:COUNT], data.picture_input), images)


def test_commands_say_in_one_line_what_looks_otherwise(own_checkpoint, tmp_path, started, capsys):
    data = DigitsDataModule("digits", 10, channels=1, image_size=28)
    data.setup()
    (tmp_path / "right").mkdir()
    (tmp_path / "wrong").mkdir()
    right = saved(data.test_part.images[:4], tmp_path / "right")
    wrong = saved(255 - data.test_part.images[:4], tmp_path / "wrong")
    for module, more in ((predict, ()), (enroll, ("--name", "new"))):
        assert started(module, "--checkpoint", own_checkpoint, *more, *right) == 0
        assert "warning" not in capsys.readouterr().err
        assert started(module, "--checkpoint", own_checkpoint, *more, *wrong) == 0
        said = capsys.readouterr().err
        assert said.startswith(
            "warning: these pictures look unlike those trained on, results may mean nothing"
        )
        assert said.count("\n") == 1
        assert "mean brightness" in said

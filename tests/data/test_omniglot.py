"""Omniglot's minimal sets: the originals, and small archives of the same layout."""

import hashlib
import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from icv_lightning.data import OmniglotDataModule, omniglot
from icv_lightning.errors import UserError

ALPHABETS = {"small1": ["Greek", "Balinese"], "small2": ["Tagalog", "Greek"]}


def characters(root: Path, subset: str = "small1", **options) -> OmniglotDataModule:
    basic = {"name": "omniglot", "num_classes": 4, "channels": 1, "image_size": 5, "root": str(root)}
    data = OmniglotDataModule(subset, **basic | options)
    data.setup()
    return data


def png(grey: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(grey).convert("1").save(file, "png")
    return file.getvalue()


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A root with archives of 2 alphabets of 2 characters, drawing d with d black pixels, 5x5."""
    (tmp_path / "omniglot-py").mkdir()
    for subset, alphabets in ALPHABETS.items():
        folder = f"images_background_{subset}"
        path = tmp_path / "omniglot-py" / f"{folder}.zip"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(f"{folder}/", b"")
            archive.writestr(f"{folder}/readme.txt", b"")
            for a, alphabet in enumerate(alphabets):
                for c in (2, 1):
                    for d in range(20, 0, -1):
                        drawing = np.where(np.arange(25).reshape(5, 5) < d, 0, 255).astype(np.uint8)
                        name = f"{folder}/{alphabet}/character{c:02}/{10 * a + c:04}_{d:02}.png"
                        archive.writestr(name, png(drawing))
        monkeypatch.setitem(omniglot.MD5, subset, hashlib.md5(path.read_bytes()).hexdigest())
    return tmp_path


def drawers(images: torch.Tensor) -> list[int]:
    return (images == 255).flatten(1).sum(1).tolist()


def test_the_last_drawers_are_the_test_part_and_classes_follow_sorted_names(small):
    data = characters(small, test_drawers=3)
    assert data.class_names == [f"{a}/character{c:02}" for a in ("Balinese", "Greek") for c in (1, 2)]
    assert data.train_part.target.tolist() == [k for k in range(4) for _ in range(17)]
    assert data.test_part.target.tolist() == [k for k in range(4) for _ in range(3)]
    assert drawers(data.train_part.images) == list(range(1, 18)) * 4
    assert drawers(data.test_part.images) == [18, 19, 20] * 4
    assert data.train_part.images[0, 0].tolist() == [[255, 0, 0, 0, 0], *[[0] * 5] * 4]  # strokes are bright


@pytest.mark.parametrize(("subset", "others"), [("small1", "Tagalog"), ("small2", "Balinese")])
def test_unseen_are_the_other_sets_alphabets_that_this_one_has_not(small, subset, others):
    unseen = characters(small, subset).unseen()
    assert others not in ALPHABETS[subset]
    assert unseen.target.tolist() == [0] * 20 + [1] * 20
    assert drawers(unseen.images) == list(range(1, 21)) * 2


def test_size_channels_and_a_choice_of_classes(small):
    data = characters(small, num_classes=2, classes=[3, 0], channels=3, image_size=8)
    assert data.train_part.images.shape[1:] == (3, 8, 8)
    assert data.class_names == ["Greek/character02", "Balinese/character01"]
    assert data.train_part.target.bincount().tolist() == [15, 15]


def test_nothing_is_written_beside_the_archives(small):
    before = sorted(small.rglob("*"))
    characters(small).unseen()
    assert sorted(small.rglob("*")) == before


@pytest.mark.parametrize(("subset", "own", "new"), [("small1", 136, 106), ("small2", 156, 86)])
def test_the_originals(data_root, subset, own, new):
    data = characters(data_root, subset, num_classes=own, image_size=105)
    assert data.train_part.target.bincount().tolist() == [15] * own
    assert data.test_part.target.bincount().tolist() == [5] * own
    unseen = data.unseen()
    assert unseen.target.bincount().tolist() == [20] * new
    assert unseen.images.unique().tolist() == [0, 255]
    with zipfile.ZipFile(data_root / "omniglot-py" / f"images_background_{subset}.zip") as archive:
        name = next(n for n in sorted(archive.namelist()) if n.endswith("/character03/") and "Latin" in n)
        drawing = next(n for n in sorted(archive.namelist()) if n.startswith(name) and n.endswith("_20.png"))
        original = np.asarray(Image.open(io.BytesIO(archive.read(drawing))))
    k = data.class_names.index("Latin/character03")
    found = data.test_part.images[data.test_part.target == k][-1, 0]
    np.testing.assert_array_equal(found.numpy() == 0, original)


def test_a_missing_archive_is_downloaded(small, tmp_path, mirror):
    archive = small / "omniglot-py" / "images_background_small1.zip"
    kept = archive.rename(tmp_path / "kept.zip")
    asked = mirror(kept)
    assert len(characters(small).train_part) == 60
    names = [(url.rsplit("/", 1)[1], md5) for url, md5 in asked]
    assert names == [("images_background_small1.zip", omniglot.MD5["small1"])]


def test_a_failed_download_says_what_to_do_and_leaves_no_folder(tmp_path, no_network):
    with pytest.raises(
        UserError, match=r"small1.zip: not there.*\(no network\).*data.root.*ICV_DATA"
    ) as caught:
        characters(tmp_path / "new" / "root")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "new").exists()


def test_an_altered_archive_is_named(small):
    path = small / "omniglot-py" / "images_background_small1.zip"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(UserError, match=r"small1.zip: truncated or altered"):
        characters(small)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"subset": "small3"}, "subset must be one of small1, small2, got 'small3'"),
        ({"test_drawers": 0}, "test_drawers must be from 1 to 18, got 0"),
        ({"test_drawers": 19}, "test_drawers must be from 1 to 18, got 19"),
    ],
)
def test_refused_arguments(tmp_path, options, message):
    with pytest.raises(ValueError, match=message):
        characters(tmp_path, **options)

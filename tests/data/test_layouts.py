"""Folders and tables of pictures as people have them."""

import pytest

from icv_lightning.data.layouts import listed
from icv_lightning.errors import UserError
from tests.data.picture_folders import CLASSES, classes_of, put, said


@pytest.mark.parametrize(
    ("train", "val", "test"),
    [
        ("train", None, "test"),
        ("train", "val", None),
        ("train", "valid", "test"),
        ("training", None, "testing"),
        ("Train", None, "Test"),
        ("train", "validation", None),
        ("seg_train", None, "seg_test"),
        ("train", "dev", "Test set"),
        ("train", None, None),
    ],
)
def test_parts_by_the_names_that_people_give_them(tmp_path, train, val, test):
    names = {"train": train, "val": val, "test": test}
    for name in filter(None, names.values()):
        put(tmp_path, *(f"{name}/{picture}" for picture in CLASSES))
    found = listed(tmp_path)
    assert said(tmp_path, found) == {
        part: [(f"{name}/ant/1.png", "ant"), (f"{name}/bee/1.png", "bee")]
        for part, name in names.items()
        if name
    }
    assert found.lines == (
        [] if test or not val else ["no test part: data.test_fraction of each class is cut from train"]
    )


def test_class_folders_alone(tmp_path):
    put(tmp_path, *CLASSES)
    assert classes_of(tmp_path) == {"train": ["ant", "bee"]}


def test_a_wrapping_folder_is_said(tmp_path):
    put(tmp_path, *(f"archive/dataset/{name}" for name in CLASSES))
    found = listed(tmp_path)
    assert found.class_names == ["ant", "bee"]
    assert found.lines == [f"{tmp_path}: pictures are taken from archive/dataset"]


def test_wrapped_parts(tmp_path):
    put(tmp_path, *(f"data/{part}/{part}/{name}" for part in ("seg_train", "seg_test") for name in CLASSES))
    assert classes_of(tmp_path) == {"train": ["ant", "bee"], "test": ["ant", "bee"]}


def test_classes_with_folders_of_their_own(tmp_path):
    put(tmp_path, "ant/red/1.png", "ant/black/deep/1.png", "bee/1.png")
    assert said(tmp_path, listed(tmp_path))["train"] == [
        ("ant/black/deep/1.png", "ant"),
        ("ant/red/1.png", "ant"),
        ("bee/1.png", "bee"),
    ]


def test_a_class_that_is_called_like_a_part(tmp_path):
    put(tmp_path, "car/1.png", "train/1.png", "test/1.png", "bicycle/1.png")
    assert listed(tmp_path).class_names == ["bicycle", "car", "test", "train"]


def test_a_train_that_may_be_a_class_or_a_part_is_refused(tmp_path):
    put(tmp_path, "car/1.png", "train/steam/1.png", "train/diesel/1.png")
    with pytest.raises(UserError, match=r"train: holds class folders as a training part does, beside car"):
        listed(tmp_path)


def test_pictures_without_classes_beside_parts_are_said(tmp_path):
    put(tmp_path, "train/ant/1.png", "train/bee/1.png", "test/1.png", "train/3.png")
    found = listed(tmp_path)
    assert classes_of(tmp_path) == {"train": ["ant", "bee"]}
    assert found.lines == [
        f"{tmp_path}: no parts with class folders, passed over: test",
        f"{tmp_path}: 1 pictures outside class folders are left out",
    ]


def test_one_class_of_the_test_part_with_folders_of_its_own(tmp_path):
    put(tmp_path, *(f"train/{name}" for name in CLASSES), "test/bee/a/1.png", "test/bee/b/1.png")
    assert classes_of(tmp_path)["test"] == ["bee", "bee"]


@pytest.mark.parametrize(
    ("files", "message"),
    [
        (["test/ant/1.png", "val/ant/1.png"], "has test and val, but no train part"),
        (["train/ant/1.png", "training/bee/1.png"], "train and training are both a train part"),
        (["train/ant/1.png"], "needs at least two class folders, found ..ant"),
        (["1.png", "2.png"], "needs at least two class folders, found"),
        (["train/ant/1.png", "train/bee/1.png", "test/cow/1.png"], "test: classes that train lacks: cow"),
    ],
)
def test_layouts_that_make_no_data_set(tmp_path, files, message):
    with pytest.raises(UserError, match=message):
        listed(put(tmp_path, *files))

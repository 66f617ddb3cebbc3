"""The lists of the field's sets, made up in the layout in which they are published."""

import numpy as np
import pytest
from scipy.io import savemat

from icv_lightning.data.file_lists import READERS, Listed, read_file_list
from icv_lightning.errors import UserError


def write(root, **files):
    for name, lines in files.items():
        (root / f"{name}.txt").write_text("\n".join(lines) + "\n")


def test_cub200(tmp_path):
    write(
        tmp_path,
        images=["1 001.Black_footed_Albatross/a.jpg", "2 100.Pelican/b.jpg", "3 101.Pelican/c.jpg"],
        image_class_labels=["1 1", "2 100", "3 101"],
        train_test_split=["1 0", "2 1", "3 1"],  # of classification, not of retrieval
    )
    found = read_file_list("cub200", tmp_path)
    assert found == [
        Listed(
            "images/001.Black_footed_Albatross/a.jpg", "001.Black_footed_Albatross", "train", False, False
        ),
        Listed("images/100.Pelican/b.jpg", "100.Pelican", "train", False, False),
        Listed("images/101.Pelican/c.jpg", "101.Pelican", "test", True, True),
    ]


@pytest.mark.parametrize("count", [1, 3])
def test_cars196(tmp_path, count):
    kinds = [("relative_im_path", object), ("bbox_x1", object), ("class", object), ("test", object)]
    rows = [("car_ims/1.jpg", 1, 1, 0), ("car_ims/2.jpg", 1, 98, 1), ("car_ims/3.jpg", 1, 99, 0)][:count]
    savemat(tmp_path / "cars_annos.mat", {"annotations": np.array([rows], dtype=kinds), "class_names": ["x"]})
    found = read_file_list("cars196", tmp_path)
    assert [(one.file, one.label, one.split) for one in found] == [
        ("car_ims/1.jpg", "1", "train"), ("car_ims/2.jpg", "98", "train"), ("car_ims/3.jpg", "99", "test")
    ][:count]  # fmt: skip


def test_online_products(tmp_path):
    header = "image_id class_id super_class_id path"
    write(
        tmp_path,
        Ebay_train=[header, "1 1 1 bicycle_final/1_0.JPG"],
        Ebay_test=[header, "9 7 1 lamp_final/7_0.JPG"],
    )
    assert read_file_list("online_products", tmp_path) == [
        Listed("bicycle_final/1_0.JPG", "1", "train", False, False),
        Listed("lamp_final/7_0.JPG", "7", "test", True, True),
    ]


def test_in_shop_has_queries_and_a_gallery(tmp_path):
    rows = [
        f"img/W/id_0000000{k}/01.jpg  id_0000000{k} {role}"
        for k, role in enumerate(("train", "query", "gallery"))
    ]
    write(tmp_path, list_eval_partition=["3", "image_name item_id evaluation_status", *rows])
    found = read_file_list("in_shop", tmp_path)
    assert [(one.split, one.is_query, one.is_gallery) for one in found] == [
        ("train", False, False), ("test", True, False), ("test", False, True)
    ]  # fmt: skip
    assert found[1].label == "id_00000001"


def test_what_is_not_as_published(tmp_path):
    for name in READERS:
        with pytest.raises(UserError, match=f"not {name} as it is published: No such file"):
            read_file_list(name, tmp_path)
    with pytest.raises(UserError, match="imagenet: must be one of cub200, cars196, online_products, in_shop"):
        read_file_list("imagenet", tmp_path)
    write(tmp_path, images=["1 a/b.jpg"], image_class_labels=["1"])
    with pytest.raises(UserError, match=r"image_class_labels.txt, line 1: must have 2 columns, has 1"):
        read_file_list("cub200", tmp_path)
    write(tmp_path, images=["2 a/b.jpg"], image_class_labels=["1 1"])
    with pytest.raises(UserError, match="a list of cub200 is not as it is published"):
        read_file_list("cub200", tmp_path)
    write(tmp_path, list_eval_partition=["1", "header", "a.jpg id_1 probe"])
    with pytest.raises(UserError, match="evaluation_status must be train, query or gallery, got probe"):
        read_file_list("in_shop", tmp_path)
    write(tmp_path, list_eval_partition=["0", "header"])
    with pytest.raises(UserError, match="the list of in_shop is empty"):
        read_file_list("in_shop", tmp_path)
    (tmp_path / "cars_annos.mat").write_bytes(b"no matrix")
    with pytest.raises(UserError, match="a list of cars196 is not as it is published"):
        read_file_list("cars196", tmp_path)

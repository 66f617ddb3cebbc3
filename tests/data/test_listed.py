"""The field's sets as data modules: made-up folders in the layouts in which they are published."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.io import savemat

from icv_lightning.data import ListedDataModule
from icv_lightning.data.file_lists import READERS
from icv_lightning.errors import UserError
from icv_lightning.unseen.study import left_some_out
from tests.conftest import results

TRAINED, OTHERS, EACH = 2, 3, 3  # classes and pictures of each


def picture(path: Path, level: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (12, 8), (level, level, level)).save(path)


def lines(path: Path, *rows: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(rows) + "\n")


def numbered(first_test: int) -> list[tuple[int, int]]:
    """Return class and position of each picture, classes from `first_test` on being the others."""
    classes = [*range(1, TRAINED + 1), *range(first_test, first_test + OTHERS)]
    return [(k, i) for k in classes for i in range(EACH)]


def cub200(root: Path) -> None:
    folder, names = root / "CUB_200_2011", []
    for k, i in reversed(numbered(101)):  # in no order of class
        names.append(f"{k:03}.Bird/{i}.png")
        picture(folder / "images" / names[-1], k)
    lines(folder / "images.txt", *(f"{n} {name}" for n, name in enumerate(names, 1)))
    lines(folder / "image_class_labels.txt", *(f"{n} {int(name[:3])}" for n, name in enumerate(names, 1)))


def cars196(root: Path) -> None:
    rows = []
    for n, (k, _) in enumerate(numbered(99), 1):
        rows.append((f"car_ims/{n:06}.png", k))
        picture(root / rows[-1][0], k)
    kinds = [("relative_im_path", object), ("class", object)]
    savemat(root / "cars_annos.mat", {"annotations": np.array([rows], dtype=kinds)})


def online_products(root: Path) -> None:
    for split, chosen in (("train", lambda k: k <= TRAINED), ("test", lambda k: k > TRAINED)):
        rows = [f"{n} {k} 1 x_final/{k}_{i}.png" for n, (k, i) in enumerate(numbered(11)) if chosen(k)]
        lines(root / "Stanford_Online_Products" / f"Ebay_{split}.txt", "image_id class_id super path", *rows)
        for row in rows:
            picture(root / "Stanford_Online_Products" / row.split()[3], int(row.split()[1]))


def in_shop(root: Path) -> None:
    rows = []
    for k, i in numbered(11):
        role = "train" if k <= TRAINED else ("query" if i == 0 else "gallery")
        rows.append(f"img/W/id_{k:08}/{i}.png id_{k:08} {role}")
        picture(root / "In-shop" / "Img" / rows[-1].split()[0], k)
    lines(root / "In-shop" / "Eval" / "list_eval_partition.txt", str(len(rows)), "image item role", *rows)


MAKERS = {"cub200": cub200, "cars196": cars196, "online_products": online_products, "in_shop": in_shop}


def listed(name: str, root: Path, **options) -> ListedDataModule:
    basic = {"name": name, "num_classes": TRAINED, "channels": 3, "image_size": 4, "batch_size": 2}
    data = ListedDataModule(name, root, **basic | {"test_fraction": 0.3} | options)
    data.setup()
    return data


@pytest.mark.parametrize("name", READERS)
def test_no_class_is_both_trained_on_and_tested(name, tmp_path):
    MAKERS[name](tmp_path)
    data = listed(name, tmp_path)
    counts = [part.target.bincount(minlength=TRAINED) for part in (data.train_part, data.test_part)]
    assert sum(counts).tolist() == [EACH] * TRAINED
    assert all(count.min() >= 1 for count in counts)
    unseen = data.unseen()
    assert unseen.target.bincount().tolist() == [EACH] * OTHERS
    levels = {
        part: set(x.images[:, 0, 0, 0].tolist())
        for part, x in (("train", data.train_part), ("unseen", unseen))
    }
    assert levels["train"] == {1, 2}  # a picture's level is its class
    assert min(levels["unseen"]) > TRAINED
    order = data.class_names if name != "cub200" else data.class_names[::-1]
    assert [int("".join(filter(str.isdigit, text))) for text in order] == [1, 2]


def test_the_set_s_own_folder_will_do_and_pictures_keep_their_middle(tmp_path):
    cub200(tmp_path)
    data = listed("cub200", tmp_path / "CUB_200_2011", image_width=6, crop=0.5)
    assert data.train_part.images.shape[1:] == (3, 4, 6)
    assert data.folder == listed("cub200", tmp_path).folder


def test_an_absent_list_or_picture_or_another_number_of_classes_is_said(tmp_path):
    with pytest.raises(UserError, match="not in_shop as it is published: No such file"):
        listed("in_shop", tmp_path)
    cub200(tmp_path)
    with pytest.raises(UserError, match=r"must have classes 0 to 0 \(data.num_classes=1\)"):
        listed("cub200", tmp_path, num_classes=1)
    (tmp_path / "CUB_200_2011" / "images" / "001.Bird" / "1.png").unlink()
    with pytest.raises(UserError, match=r"001.Bird/1.png: unreadable picture \(no such file\)"):
        listed("cub200", tmp_path)


@pytest.mark.parametrize("name", ["cub200", "in_shop"])
def test_a_run_by_the_conf_file(name, tmp_path, main):
    MAKERS[name](tmp_path / "data")
    small = [
        "data.num_classes=2",
        "data.test_fraction=0.3",
        "data.image_size=8",
        "data.batch_size=2",
        "trainer.max_epochs=1",
    ]
    assert (
        main(
            f"data={name}", f"data.root={tmp_path / 'data'}", *small, "data.num_workers=0", "data.cache=null"
        )
        == 0
    )
    found = results(tmp_path)["config"]["data"]
    assert found["name"] == name
    assert left_some_out(found | {"root": str(tmp_path / "data")})

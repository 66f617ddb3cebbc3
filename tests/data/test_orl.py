"""The ORL faces: folders of the same names with made pictures, and the originals where they are."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from icv_lightning.data import ORLDataModule
from icv_lightning.errors import UserError


def orl(root: Path, classes: int = 30, **options) -> ORLDataModule:
    basic = {"name": "orl", "num_classes": classes, "channels": 1, "image_size": 8, "root": str(root)}
    data = ORLDataModule(**basic | {"test_fraction": 0.2} | options)
    data.setup()
    return data


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """40 folders of 3 pictures, those of person k all of grey k."""
    root = tmp_path_factory.mktemp("data")
    for k in range(1, 41):
        (root / "orl_faces" / f"s{k}").mkdir(parents=True)
        for i in range(1, 4):
            Image.new("L", (92, 112), k).save(root / "orl_faces" / f"s{k}" / f"{i}.pgm")
    return root


def test_the_first_thirty_are_trained_on(made):
    data = orl(made)
    assert data.class_names == [f"s{k}" for k in range(1, 31)]
    assert (data.train_part.images[:, 0, 0, 0] == data.train_part.target + 1).all()
    assert data.test_part.target.tolist() == list(range(30))
    assert data.unseen().images[:, 0, 0, 0].tolist() == [k for k in range(31, 41) for _ in range(3)]


def test_a_fold_verifies_eight_others(made):
    data = orl(made, 32, fold=1)
    assert data.unseen().images.unique().tolist() == list(range(9, 17))
    assert not set(range(9, 17)) & set(data.train_part.images.unique().tolist())
    assert data.unseen().target.unique().tolist() == list(range(8))


def test_an_absent_person_is_told_with_where_to_get_them(tmp_path):
    with pytest.raises(
        UserError, match=r"needs the ORL faces in s1 to s40, has no s1; get them from"
    ) as caught:
        orl(tmp_path)
    assert "\n" not in str(caught.value)


def test_the_originals(data_root):
    if not (data_root / "orl_faces" / "s40").is_dir():
        pytest.skip("needs the ORL faces: ICV_DATA to a folder that holds orl_faces")
    data = orl(data_root, image_size=112, image_width=92)
    assert data.train_part.target.bincount().tolist() == [8] * 30
    assert data.test_part.target.bincount().tolist() == [2] * 30
    assert data.unseen().target.bincount().tolist() == [10] * 10
    original = np.asarray(Image.open(data_root / "orl_faces" / "s31" / "1.pgm"))
    np.testing.assert_array_equal(data.unseen().images[0, 0].numpy(), original)  # of that shape: as it is

"""The pictures of a grid's data sets, in the first folder that has them whole."""

from icv_lightning.records.pictures import read_images
from tests.report.grid import write_images


def test_images_are_read_from_the_first_folder_that_has_them_whole(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    (tmp_path / "a" / "images-mnist.npz").write_bytes(b"PK")
    write_images(tmp_path / "b", "mnist", 5, 7)
    assert len(read_images([tmp_path / "a", tmp_path / "b"], "mnist")["test_images"]) == 7
    assert read_images([tmp_path], "mnist") == {}

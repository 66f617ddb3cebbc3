import pytest

from icv_lightning.records.cells import Cell, cell_of_folder


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("mnist-d2-raw-l0.05-learned-s0-4a02fed9", (Cell("mnist", 0.05, 2, False), 0)),
        ("my-data-d16-norm-l0-batch_mean-s12-00000000", (Cell("my-data", 0.0, 16, True), 12)),
        ("mnist-d2-raw-l1e-05-one_by_one-s0-4a02fed9", (Cell("mnist", 1e-5, 2, False), 0)),
        ("report", None),
        ("mnist-d2-raw-lfoo-learned-s0-4a02fed9", None),
    ],
)
def test_folder_names(name, expected):
    assert cell_of_folder(name) == expected


def test_title():
    assert Cell("fashion_mnist", 0.0, 4, True).title == "Fashion-MNIST, N = 4, normalised, CE"
    assert Cell("mine", 1.0, 2, False).title == "mine, N = 2, not normalised, ICV λ 1"

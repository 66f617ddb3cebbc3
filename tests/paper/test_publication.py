import pytest

from icv_lightning.paper import publication
from icv_lightning.records.cells import Cell

# Rows as the paper prints them: not normalised 2, 4, normalised 2, 4.
TABLE_1 = {
    ("mnist", 0.0): (0.909, 0.975, 0.984, 0.988),
    ("fashion_mnist", 0.0): (0.746, 0.869, 0.814, 0.894),
    ("mnist", 1.0): (0.973, 0.992, 0.980, 0.988),
    ("fashion_mnist", 1.0): (0.880, 0.891, 0.715, 0.884),
    ("mnist", 0.5): (0.971, 0.991, 0.985, 0.988),
    ("fashion_mnist", 0.5): (0.870, 0.902, 0.738, 0.889),
    ("mnist", 0.05): (0.972, 0.992, 0.984, 0.990),
    ("fashion_mnist", 0.05): (0.867, 0.910, 0.820, 0.891),
}
TABLE_2 = {
    ("mnist", 0.0): (0.986, 0.994, 0.986, 0.994),
    ("fashion_mnist", 0.0): (0.895, 0.924, 0.894, 0.920),
    ("mnist", 1.0): (0.985, 0.994, 0.981, 0.995),
    ("fashion_mnist", 1.0): (0.882, 0.904, 0.884, 0.915),
    ("mnist", 0.5): (0.986, 0.995, 0.982, 0.995),
    ("fashion_mnist", 0.5): (0.890, 0.918, 0.889, 0.913),
    ("mnist", 0.05): (0.986, 0.995, 0.985, 0.994),
    ("fashion_mnist", 0.05): (0.895, 0.927, 0.891, 0.926),
}


@pytest.mark.parametrize(
    ("table", "measure"),
    [(TABLE_1, "acc_nearest_class_mean"), (TABLE_1, "acc_nearest_centroid"), (TABLE_2, "acc")],
)
def test_every_published_value(table, measure):
    shapes = [(2, False), (4, False), (2, True), (4, True)]
    found = {
        (data, weight): tuple(publication.published(Cell(data, weight, *shape), measure) for shape in shapes)
        for data, weight in table
    }
    assert found == table
    assert len(publication.accuracies()) == 32


def test_other_cells_and_measures_have_none():
    assert publication.published(Cell("digits", 0.5, 2, False), "acc") is None
    assert publication.published(Cell("mnist", 0.5, 2, False), "tail") is None


def test_source_is_said():
    assert "1901.11186" in publication.source()

"""The explorer's arrays."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from icv_lightning.paper.runs import grouped
from icv_lightning.records.cells import Cell
from icv_lightning.records.runs import read_runs
from icv_lightning.report.figures.panels import frame_of
from icv_lightning.report.packing import POINTS, packed_cell
from tests.report.grid import FASHION, embed, same, write_images, write_run

CELL = Cell("fashion_mnist", 0.05, 4, False)


@pytest.fixture(scope="module")
def packed(tmp_path_factory):
    grid = tmp_path_factory.mktemp("grid")
    write_images(grid, "fashion_mnist", 100, 60)
    snapshots = [embed(CELL, 0, 100, 60, progress) for progress in (0.5, 1.0)]
    write_run(grid, CELL, 0, same(0.9), epochs=2, snapshots=snapshots, class_names=FASHION)
    (variant,), _ = grouped(read_runs([grid]))
    (run,) = variant.all_runs
    return packed_cell("a cell", variant, run, {}, [grid]), run, grid


def test_coordinates_survive_16_bits(packed):
    cell, run, _ = packed
    x = np.asarray(cell["points"].data["x"]).reshape(2, 60) * cell["extent"]
    frame = frame_of(run.last_snapshot)
    for row, epoch in enumerate((1, 2)):
        expected = frame.place(run.snapshot(epoch).embeddings)[:, 0]
        assert x[row] == pytest.approx(expected, abs=cell["extent"])
    assert cell["points"].data["x"].dtype == np.int16


def test_centres_predictions_and_names_go_along(packed):
    cell, run, _ = packed
    means = np.asarray(cell["centres"].data["class_means_y"]).reshape(2, 10)
    assert means[1] == pytest.approx(
        frame_of(run.last_snapshot).place(run.last_snapshot.class_means)[:, 1], abs=1e-5
    )
    assert np.asarray(cell["points"].data["preds"])[60:].tolist() == run.last_snapshot.preds.tolist()
    assert (cell["names"], cell["epochs"], cell["label"]) == (FASHION, [1, 2], "a cell (seed 0)")


def test_every_point_has_its_own_image(packed):
    cell, _, grid = packed
    images = np.load(grid / "images-fashion_mnist.npz")["test_images"]
    part = cell["part"].data
    for i in (0, 7, 59):
        uri = part["image"][i]
        decoded = np.asarray(Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2]))))
        assert np.array_equal(decoded, images[part["index"][i], 0])


def test_many_points_are_thinned_out_the_same_for_every_cell(tmp_path):
    parts = {}
    for weight in (0.0, 0.05):
        cell = Cell("mnist", weight, 2, False)
        write_run(tmp_path, cell, 0, same(0.9), epochs=1, snapshots=[embed(cell, 0, 50, POINTS + 500)])
    (variant,), _ = grouped(read_runs([tmp_path]))
    cells = [packed_cell("", variant, run, parts, [tmp_path]) for run in variant.all_runs]
    assert cells[0]["part"] is cells[1]["part"]
    assert len(cells[0]["part"].data["index"]) == POINTS
    assert set(cells[0]["part"].data["image"]) == {""}  # no images file: no picture, no failure


def test_axes_hold_every_point_of_every_epoch_and_a_narrower_choice_most_of_the_last(tmp_path):
    cell = Cell("mnist", 0.0, 2, False)
    snapshots = [embed(cell, 0, 50, 400, progress) for progress in (1.0, 0.5)]
    snapshots[0]["test_embeddings"][7] = [-400, 3]  # far out, in an epoch that is not the last
    write_run(tmp_path, cell, 0, same(0.9), epochs=2, snapshots=snapshots)
    (variant,), _ = grouped(read_runs([tmp_path]))
    packed = packed_cell("", variant, variant.all_runs[0], {}, [tmp_path])
    x, y = (np.abs(packed["points"].data[axis] * packed["extent"]) for axis in "xy")
    far = max(x.max(), y.max())
    every, most = packed["reach"]
    assert far < every < 1.1 * far
    last = np.maximum(x[400:], y[400:])
    assert (last <= most).mean() >= 0.97
    assert most < every / 5


def test_colour_pictures_and_large_ones_are_thumbnails(tmp_path):
    cell = Cell("mine", 0.05, 2, False)
    write_run(tmp_path, cell, 0, same(0.9), epochs=1, snapshots=[embed(cell, 0, 30, 20)])
    images = np.zeros((20, 3, 96, 64), dtype=np.uint8)
    names = np.array(list("0123456789"))
    np.savez(tmp_path / "images-mine.npz", test_images=images, test_index=np.arange(20), class_names=names)
    (variant,), _ = grouped(read_runs([tmp_path]))
    uri = packed_cell("", variant, variant.all_runs[0], {}, [tmp_path])["part"].data["image"][0]
    picture = Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2])))
    assert (picture.mode, picture.size) == ("RGB", (32, 48))

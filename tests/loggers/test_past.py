"""What the primary record leaves in a run's folder, and how it is read again."""

import csv
from pathlib import Path

from PIL import Image

from icv_lightning.loggers import MetricsCSV
from icv_lightning.loggers.past import read_past
from icv_lightning.records.metrics_file import read_metrics


def test_pictures_and_tables_lie_in_figures_by_key(tmp_path: Path) -> None:
    record = MetricsCSV(tmp_path)
    record.log_image("test/embeddings", Image.new("RGB", (3, 2), "red"), 12)
    record.log_table("test/per_class", ["class", "var"], [["a", 0.5], ["b, c", 1.5]], 12)
    with Image.open(tmp_path / "figures" / "test" / "embeddings" / "epoch_012.png") as image:
        assert (image.size, image.getpixel((0, 0))) == ((3, 2), (255, 0, 0))
    with (tmp_path / "figures" / "test" / "per_class.csv").open(newline="") as file:
        assert list(csv.reader(file)) == [["class", "var"], ["a", "0.5"], ["b, c", "1.5"]]


def test_the_clock_is_left_out_of_what_a_repeated_run_reproduces(tmp_path: Path) -> None:
    MetricsCSV(tmp_path).log_metrics({"epoch": 0, "train/images_per_second": 5.0, "train/loss": 1.0}, step=1)
    assert read_metrics(tmp_path) == {1: {"epoch": "1", "step": "1", "train/loss": "1.0"}}


def test_the_past_of_a_folder_without_a_record_is_empty(tmp_path: Path) -> None:
    assert list(read_past(tmp_path, before=5)) == []

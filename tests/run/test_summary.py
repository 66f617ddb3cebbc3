"""The table that ends a run."""

from pathlib import Path

import pytest

from icv_lightning.run.summary import show


def test_numbers_weights_and_folder_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    results = {
        "status": "completed", "cell": {"data": "digits", "seed": 4}, "seconds": 12.34, "weights": "best",
        "weights_epoch": 3, "metrics": {"test/acc": 0.98765, "test/loss": None},
    }  # fmt: skip
    show(results, Path("outputs/runs/cell"))
    text = capsys.readouterr().out
    assert "data digits, seed 4" in text
    assert "test accuracy, highest score" in text
    assert "0.9877" in text
    assert "12.3" in text
    assert "weights: best, of epoch 3" in text
    assert text.endswith("folder: outputs/runs/cell\n")


def test_a_run_that_was_tried_says_why_it_is_not_completed(capsys: pytest.CaptureFixture[str]) -> None:
    show({"status": "tried", "cause": "a few batches"}, Path("x"))
    text = capsys.readouterr().out
    assert "tried, not completed: a few batches" in text
    assert "weights" not in text

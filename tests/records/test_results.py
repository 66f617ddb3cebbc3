"""Files that are whole or not there."""

import json
import math
import platform

import numpy as np
import pytest
import torch

from icv_lightning.records.files import replaced
from icv_lightning.records.results import is_completed, read_results, versions, write_results


def test_the_file_takes_its_name_when_all_is_written(tmp_path):
    path = tmp_path / "a.bin"
    with replaced(path) as file:
        file.write(b"new")
        assert not path.exists()
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
def test_a_writer_that_fails_leaves_the_old_file_and_nothing_else(tmp_path, error):
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")

    def fail() -> None:
        with replaced(path) as file:
            file.write(b"half of the ne")
            raise error

    with pytest.raises(error):
        fail()
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_results_come_back(tmp_path):
    results = {"status": "completed", "cell": {"lambda": 0.05}, "metrics": {"test/acc": 2 / 3}, "λ": [1, 2]}
    write_results(tmp_path, results)
    assert read_results(tmp_path) == results
    assert (tmp_path / "results.json").read_bytes().endswith(b"}\n")
    assert [path.name for path in tmp_path.iterdir()] == ["results.json"]


def test_numbers_that_are_not_finite_become_null(tmp_path):
    values = {"nan": math.nan, "deep": [(math.inf, 1.5), {"x": np.float64(-np.inf)}]}
    write_results(tmp_path, values)
    assert json.loads((tmp_path / "results.json").read_text()) == {
        "nan": None,
        "deep": [[None, 1.5], {"x": None}],
    }


def test_results_that_cannot_be_written_leave_the_old_ones(tmp_path):
    write_results(tmp_path, {"status": "completed"})
    with pytest.raises(TypeError):
        write_results(tmp_path, {"status": torch.ones(2)})
    assert is_completed(tmp_path)


@pytest.mark.parametrize("content", [b"", b'{"status": "comp', b"\xff\xfe", b"[1, 2]", b"null"])
def test_results_that_cannot_be_read_are_none(tmp_path, content):
    (tmp_path / "results.json").write_bytes(content)
    assert read_results(tmp_path) is None
    assert not is_completed(tmp_path)


def test_no_results_are_none(tmp_path):
    assert read_results(tmp_path) is None
    assert not is_completed(tmp_path / "nowhere")


@pytest.mark.parametrize(("status", "completed"), [("completed", True), ("failed", False), (None, False)])
def test_completed_or_not(tmp_path, status, completed):
    write_results(tmp_path, {"status": status})
    assert is_completed(tmp_path) == completed


def test_versions_of_what_computes():
    found = versions()
    assert found["torch"].startswith(torch.__version__.split("+")[0])
    assert found["numpy"] == np.__version__
    assert found["python"] == platform.python_version()

"""metrics.csv as a table of numbers by epoch, or the reason why it is none."""

import pytest

from icv_lightning.errors import UserError
from icv_lightning.records.metrics_file import read_metrics


def test_rows_by_epoch_without_empty_values(tmp_path):
    assert read_metrics(tmp_path) == {}
    (tmp_path / "metrics.csv").write_text("epoch,step,test/acc,nc3\n1,10,0.5,nan\n2,20,,1e-3\n")
    assert read_metrics(tmp_path) == {
        1: {"epoch": "1", "step": "10", "test/acc": "0.5", "nc3": "nan"},
        2: {"epoch": "2", "step": "20", "nc3": "1e-3"},
    }


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"\xff\xfe", "codec can't decode"),
        (b"epoch,a\n1,two\n", "a is 'two'"),
        (b"epoch,a\n1,2,3\n", "a row of another length"),
        (b"epoch,a\n1\n", "a row of another length"),
        (b"a,b\n1,2\n", "'epoch'"),
        (b"epoch\n1.5\n", "1.5"),
        (b"epoch\n-1\n", "epoch is -1"),
        (b'epoch,a\n1,"2\n', "unexpected end of data"),
        (b"epoch,a\n1,2\x00\n", "a is|NUL"),
        (b"epoch,a\n1," + b"1" * 200_000 + b"\n", "field larger"),
    ],
)
def test_what_is_no_such_table_is_named(tmp_path, content, reason):
    (tmp_path / "metrics.csv").write_bytes(content)
    with pytest.raises(UserError, match=rf"metrics\.csv: not a table of numbers by epoch \(.*({reason})"):
        read_metrics(tmp_path)


def test_a_folder_of_that_name_is_named(tmp_path):
    (tmp_path / "metrics.csv").mkdir()
    with pytest.raises(UserError, match=r"metrics\.csv: "):
        read_metrics(tmp_path)

"""Settings of a run without results: plain values, whoever wrote them."""

import pytest

from icv_lightning.errors import UserError
from icv_lightning.records.settings_file import read_settings, write_settings


def test_settings_are_read_as_they_were_written(tmp_path):
    settings = {"loss": {"lambda": 1e-5, "name": "ünï"}, "model": {"net": {"widths": [4, 4]}}, "on": True}
    write_settings(tmp_path, settings)
    assert read_settings(tmp_path) == settings


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("data: {batch_size: '${oc.env:AWS_SECRET_ACCESS_KEY}'}", "holds the interpolation"),
        ("data: {'${oc.env:HOME}': 1}", "holds the interpolation"),
        ("a: &a [1, 1]\nb: *a", "it holds an alias"),
        ("a: !!python/object/apply:os.getcwd []", "could not determine a constructor"),
        ("[" * 5000, "settings that cannot be read"),
        ("a: [", "settings that cannot be read"),
        ("", "holds no settings"),
        ("- a", "holds no settings"),
    ],
)
def test_what_could_read_or_run_something_is_refused(tmp_path, text, reason):
    (tmp_path / ".hydra").mkdir()
    (tmp_path / ".hydra" / "config.yaml").write_text(text)
    with pytest.raises(UserError, match=reason) as error:
        read_settings(tmp_path)
    assert "config.yaml" in str(error.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(UserError, match="No such file"):
        read_settings(tmp_path)

import numpy as np
import pytest

from icv_lightning.records.measured import FILE, Measured, read_measured, write_measured


def example(images=1003):
    rng = np.random.default_rng(0)
    right = {rule: rng.random(images) < share for rule, share in (("acc", 0.98), ("acc_cosine", 0.9))}
    draws = {"tail": rng.normal(size=200).astype(np.float32)}
    return Measured("test", {"tail": 3.25, "spacing": float("nan")}, right, draws)


def test_what_is_written_is_read(tmp_path):
    written = example()
    write_measured(tmp_path, written)
    found = read_measured(tmp_path)
    assert found.part == "test"
    assert found.values["tail"] == 3.25
    assert np.isnan(found.values["spacing"])
    for group in ("right", "draws"):
        ours, read = getattr(written, group), getattr(found, group)
        assert list(ours) == list(read)
        assert all(np.array_equal(ours[key], read[key]) for key in ours)


def test_it_is_small(tmp_path):
    rng = np.random.default_rng(0)
    right = {f"acc_{k}": rng.random(10_000) < 0.95 for k in range(6)}
    write_measured(tmp_path, Measured("test", {}, right, {"tail": rng.normal(size=200)}))
    assert (tmp_path / FILE).stat().st_size < 9_000


def test_nothing_measured_is_nothing_read(tmp_path):
    write_measured(tmp_path, Measured("val", {}, {}, {}))
    assert read_measured(tmp_path) == Measured("val", {}, {}, {}) or not read_measured(tmp_path).right


@pytest.mark.parametrize("keep", [0, 10, 200, -30])
def test_a_file_cut_short_is_none(tmp_path, keep):
    write_measured(tmp_path, example())
    path = tmp_path / FILE
    path.write_bytes(path.read_bytes()[:keep])
    assert read_measured(tmp_path) is None


def test_a_file_of_another_kind_is_none(tmp_path):
    assert read_measured(tmp_path) is None
    np.savez(tmp_path / FILE, part="test", images=5, right=np.zeros((1, 1)), rules=["acc"])
    assert read_measured(tmp_path) is None


def test_more_images_than_there_are_bits_is_none(tmp_path):
    write_measured(tmp_path, example())
    with np.load(tmp_path / FILE) as arrays:
        content = dict(arrays)
    np.savez(tmp_path / FILE, **content | {"images": np.array(10**12)})
    assert read_measured(tmp_path) is None

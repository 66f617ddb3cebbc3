"""Decoded pictures kept for later runs."""

import os
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from icv_lightning.data import decoding, picture_cache
from icv_lightning.data.decoding import LazyImages
from icv_lightning.data.picture import PictureInput
from icv_lightning.data.picture_cache import read_pictures

TAKEN = PictureInput(1, 4, 4)


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """Twelve pictures, the third and the last of which cannot be read."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    for k in range(12):
        Image.new("L", (4, 4), 10 * k).save(folder / f"{k:02}.png")
    for k in (2, 11):
        (folder / f"{k:02}.png").write_bytes(b"cut")
    return sorted(folder.iterdir())


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to keep pictures in, however few they are."""
    monkeypatch.setattr(picture_cache, "PARALLEL_FROM", 0)
    return tmp_path / "cache"


GREYS = [0, 10, 30, 40, 50, 60, 70, 80, 90, 100]


def greys(images) -> list[int]:
    return images[torch.arange(len(images))][:, 0, 0, 0].tolist()


@pytest.mark.parametrize("memory_gb", [1.0, 0.0])
def test_the_second_time_nothing_is_decoded(files, cache, monkeypatch, memory_gb):
    first = read_pictures(files, TAKEN, memory_gb, cache)
    monkeypatch.setattr(picture_cache, "attempts", None)
    again = read_pictures(files, TAKEN, memory_gb, cache)
    for found in (first, again):
        assert greys(found.images) == GREYS
        assert list(found.unreadable) == [2, 11]
        assert "02.png: unreadable picture" in found.unreadable[2]
    assert isinstance(again.images, LazyImages) == (memory_gb == 0)


@pytest.mark.parametrize("change", ["size", "time", "name", "input"])
def test_files_that_changed_are_read_again(files, cache, change):
    read_pictures(files, TAKEN, 1, cache)
    facts, taken = files[0].stat(), TAKEN
    if change == "size":
        Image.new("L", (9, 9), 200).save(files[0])
        os.utime(files[0], ns=(facts.st_atime_ns, facts.st_mtime_ns))
    elif change == "time":
        Image.new("L", (4, 4), 200).save(files[0])
    elif change == "name":
        Image.new("L", (4, 4), 200).save(files[0])
        os.utime(files[0], ns=(facts.st_atime_ns, facts.st_mtime_ns))
        files[0] = files[0].rename(files[0].with_name("00b.png"))
    else:
        taken = PictureInput(3, 4, 4)
    found = read_pictures(files, taken, 1, cache)
    assert greys(found.images) == ([0] if change == "input" else [200]) + GREYS[1:]
    assert found.images.shape[1:] == taken.shape


def test_what_was_cut_short_is_read_again(files, cache):
    read_pictures(files, TAKEN, 1, cache)
    [pixels] = cache.glob("*.pixels")
    pixels.write_bytes(pixels.read_bytes()[:-1])
    assert greys(read_pictures(files, TAKEN, 1, cache).images) == GREYS
    [facts] = cache.glob("*.json")
    facts.write_text("{")
    assert greys(read_pictures(files, TAKEN, 1, cache).images) == GREYS


def test_what_is_mapped_may_be_written_to_without_harm(files, cache):
    read_pictures(files, TAKEN, 1, cache)
    read_pictures(files, TAKEN, 1, cache).images.fill_(7)
    assert greys(read_pictures(files, TAKEN, 1, cache).images) == GREYS


def test_the_cache_holds_no_more_than_the_memory_allows(tmp_path, files, cache):
    size = 10 * 16
    for k, memory in enumerate((1.0, 1.0, 1.5 * size / 1e9)):
        found = read_pictures(files, PictureInput(1, 4, 4, crop=1 - k / 10), memory, cache)
        assert len(found.images) == 10
    kept = list(cache.glob("*.pixels"))
    assert len(kept) == 1
    assert {path.suffix for path in cache.iterdir()} == {".pixels", ".json", ".lock"}


def test_a_cache_that_cannot_be_written_is_done_without(files, cache, tmp_path):
    cache.write_text("a file where a folder should be")
    assert greys(read_pictures(files, TAKEN, 1, cache).images) == GREYS


def test_few_pictures_leave_nothing(files, tmp_path):
    read_pictures(files, TAKEN, 1, tmp_path / "cache")
    assert not (tmp_path / "cache").exists()


def test_workers_read_as_one_process_does(files, monkeypatch):
    alone = read_pictures(files, TAKEN, 1)
    monkeypatch.setattr(decoding, "PARALLEL_FROM", 0)
    monkeypatch.setattr(decoding, "BATCH", 5)
    found = read_pictures(files, TAKEN, 1)
    assert torch.equal(found.images, alone.images)
    assert found.unreadable == alone.unreadable


def test_reading_draws_nothing_from_the_random_state(files):
    torch.manual_seed(0)
    before = torch.get_rng_state()
    read_pictures(files, TAKEN, 1)
    assert torch.equal(torch.get_rng_state(), before)


def test_no_files():
    found = read_pictures([], TAKEN, 1)
    assert found.images.shape == (0, 1, 4, 4)
    assert np.prod(found.images.shape) == 0

"""What torchvision's downloads do in tests: give a file that is kept elsewhere, or find no network."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from torchvision.datasets import utils


@pytest.fixture
def mirror(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], list[tuple[str, str]]]:
    """Let every download give a copy of a file; the list has the (address, MD5 sum) that were asked for."""

    def serve(kept: Path) -> list[tuple[str, str]]:
        asked = []

        def download(url: str, root: str, filename: str, md5: str) -> None:
            asked.append((url, md5))
            shutil.copy(kept, Path(root) / filename)

        monkeypatch.setattr(utils, "download_url", download)
        return asked

    return serve


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def download(*args: object, **kwargs: object) -> None:
        raise OSError("no network")

    monkeypatch.setattr(utils, "download_url", download)

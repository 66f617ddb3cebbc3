"""What tests of the configuration share: an empty folder, the one line that refuses, a file of one's own."""

from pathlib import Path

import pytest

from icv_lightning.configuration import checks
from icv_lightning.configuration.resolvers import register_resolvers
from icv_lightning.data.sizes import look_again
from icv_lightning.errors import UserError

TINY_NET = """
defaults: [convnet]
name: tiny
net: {hidden: 16, breadth: 8}
about: {keys: {net.breadth: {kind: integer, low: 1, high: 99, meaning: features}}}
"""


@pytest.fixture
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in an empty folder, with the resolvers known."""
    monkeypatch.chdir(tmp_path)
    register_resolvers()
    look_again()


def said(*arguments: str) -> str:
    """Return the one line that refuses a command line."""
    with pytest.raises(UserError) as error:
        checks.check(["data=digits", *arguments])
    assert "\n" not in str(error.value)
    return str(error.value)


def own_model(folder: str) -> None:
    """Write a choice of the group `model` into a folder of configuration files."""
    (Path(folder) / "model").mkdir(parents=True)
    (Path(folder) / "model" / "tiny.yaml").write_text(TINY_NET)

"""What is said of a key that does not exist."""

import pytest

from tests.configuration.conftest import own_model, said

pytestmark = pytest.mark.usefixtures("empty_folder")


def test_the_nearest_key_is_one_of_the_chosen_model() -> None:
    own_model("own")
    assert said("model.net.widht=8").endswith("unknown key model.net.widht; the nearest is model.net.widths")
    line = said("--config-dir", "own", "model=tiny", "model.net.braedth=8")
    assert line == "unknown key model.net.braedth; the nearest is model.net.breadth"

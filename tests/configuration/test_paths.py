"""Whether a run's folder can be written to."""

from pathlib import Path

import pytest

from icv_lightning.configuration.paths import FILES, check_place
from icv_lightning.errors import UserError
from tests.configuration.conftest import said

pytestmark = pytest.mark.usefixtures("empty_folder")


def test_outputs_that_are_a_link_to_nothing() -> None:
    Path("link").symlink_to("nowhere")
    assert said("paths.outputs=link") == ("paths.outputs=link name=runs: link is a link that leads nowhere")
    assert not Path("nowhere").exists()


@pytest.mark.parametrize("name", FILES)
def test_a_folder_in_place_of_a_file_of_a_run(tmp_path: Path, name: str) -> None:
    run = tmp_path / "out" / "runs" / "cell"
    (run / name).mkdir(parents=True)
    paths = {"run": str(run), "outputs": "out", "records": None}
    with pytest.raises(UserError, match=f"^paths.outputs=out name=runs: .*/{name} is a folder, and must be"):
        check_place({"paths": paths, "name": "runs"})

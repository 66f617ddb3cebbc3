"""Resolved configurations."""

import pytest

from icv_lightning.configuration import checks

pytestmark = pytest.mark.usefixtures("empty_folder")


def test_a_setting_may_name_the_folder_of_its_run() -> None:
    given = "+callbacks.best.dirpath=${paths.run}/x"
    [cell] = checks.check(["data=digits", "data.val_size=200", "callbacks=best", given]).cells
    [other] = checks.check(["data=digits", "data.val_size=200", "callbacks=best"]).cells
    assert cell.config["callbacks"]["best"]["dirpath"] == f"{cell.config['paths']['run']}/x"
    assert cell.config["paths"]["run"].startswith("outputs/")
    assert other.config["callbacks"]["best"].get("dirpath") != cell.config["callbacks"]["best"]["dirpath"]

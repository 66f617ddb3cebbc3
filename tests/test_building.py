"""Objects built from the configuration."""

from pathlib import Path

import pytest
from omegaconf import OmegaConf

from icv_lightning import building
from icv_lightning.configuration import checks
from icv_lightning.configuration.resolvers import register_resolvers
from icv_lightning.errors import UserError
from icv_lightning.run import trainer


@pytest.mark.parametrize(
    ("override", "hint"),
    [
        ("+model.net.hiden=3", "; the nearest is model.net.hidden"),
        ("+model.net.extra._target_=torch.nn.Identity", "; it takes batch_norm, channels, dropout, embed"),
        ("+data.seeed=3", "; the nearest is data.seed"),
        ("+logger.csv.foldr=3", "; the nearest is logger.csv.folder"),
    ],
)
def test_a_constructor_that_lacks_an_argument_says_the_nearest(
    override: str, hint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    register_resolvers()
    [cell] = checks.check(["data=digits", override]).cells
    config = OmegaConf.create(cell.config)
    build = {
        "data": lambda: building.build_datamodule(config),
        "model": lambda: building.build_module(**building.module_arguments(config)),
        "logger": lambda: trainer.build_trainer(config, Path()),
    }[override[1:].partition(".")[0]]
    with pytest.raises(UserError, match=f"got an unexpected keyword argument '.*'{hint}"):
        build()


def test_class_weights_of_a_run_are_those_given_or_ask_for_the_data() -> None:
    register_resolvers()
    [cell] = checks.check(["data=digits", "loss.class_weights=[1,1,1,1,1,1,1,1,1,2]"]).cells
    arguments = building.module_arguments(OmegaConf.create(cell.config))
    assert arguments["config"]["loss"]["criterion"]["class_weights"] == [1.0] * 9 + [2.0]
    assert "about" not in arguments["config"]["model"]
    [cell] = checks.check(["data=digits", "loss.class_weights=balanced"]).cells
    with pytest.raises(ValueError, match="balanced class weights need the data"):
        building.module_arguments(OmegaConf.create(cell.config))


def test_a_part_that_is_refused_is_named_by_its_key() -> None:
    register_resolvers()
    [cell] = checks.check(["data=digits"]).cells
    arguments = building.module_arguments(OmegaConf.create(cell.config))
    arguments["config"]["loss"]["criterion"]["weight"] = -1.0
    with pytest.raises(UserError, match=r"^loss\.criterion: weight \(λ\) must be"):
        building.build_module(**arguments)

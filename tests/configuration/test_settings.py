"""The table of settings: what every key takes, and what is said where it does not."""

import math

import pytest
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from icv_lightning.configuration.composition import CONF
from icv_lightning.configuration.resolvers import register_resolvers
from icv_lightning.configuration.settings import SETTINGS, Setting, check_value
from icv_lightning.errors import UserError

ABSENT = object()


GROUPS = (
    "data",
    "data/augment",
    "model",
    "centroids",
    "loss",
    "optimizer",
    "scheduler",
    "trainer",
    "callbacks",
    "logger",
    "search",
)


@pytest.fixture(scope="module")
def configurations(tmp_path_factory):
    """Every choice of every group, composed."""
    pictures = tmp_path_factory.mktemp("pictures")
    for name in "ant", "bee":
        (pictures / name).mkdir()
    register_resolvers()
    choices = [f"{group}={path.stem}" for group in GROUPS for path in (CONF / group).glob("*.yaml")]
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return [compose("config", [choice, f"data.root={pictures}"]) for choice in choices]


@pytest.mark.parametrize("key", SETTINGS)
def test_every_key_is_in_the_configuration_and_its_default_is_allowed(configurations, key):
    values = [OmegaConf.select(config, key, default=ABSENT) for config in configurations]
    values = [value for value in values if value is not ABSENT]
    assert values
    for value in values:
        check_value(key, value)


@pytest.mark.parametrize(
    ("key", "value", "allowed"),
    [
        ("seed", -1, "an integer of at least 0 and at most 4294967295"),
        ("seed", 2**32, "an integer of at least 0 and at most 4294967295"),
        ("seed", 0.5, "an integer"),
        ("seed", "zero", "an integer"),
        ("name", 3, "text"),
        ("name", None, "text"),
        ("force", 1, "true or false"),
        ("force", "yes", "true or false"),
        ("data.batch_size", 1, "an integer of at least 2"),
        ("data.batch_size", 2.0, "an integer of at least 2"),
        ("data.batch_size", True, "an integer of at least 2"),
        ("data.batch_size", None, "an integer of at least 2"),
        ("data.classes", [0], "a list of two or more different class numbers, or null"),
        ("data.classes", [0, 1, 0], "a list of two or more different class numbers, or null"),
        ("data.classes", [0, -1], "a list of two or more different class numbers, or null"),
        ("data.classes", [0, 1.0], "a list of two or more different class numbers, or null"),
        ("data.classes", [False, True], "a list of two or more different class numbers, or null"),
        ("data.classes", "01", "a list of two or more different class numbers, or null"),
        ("data.classes", 2, "a list of two or more different class numbers, or null"),
        ("data.channels", 4, "an integer of at least 1 and at most 3"),
        ("data.val_size", -1, "an integer of at least 0"),
        ("data.test_fraction", 0, "a finite number above 0 and at most 0.99"),
        ("data.test_fraction", 1, "a finite number above 0 and at most 0.99"),
        ("model.embedding_dim", 0, "an integer of at least 1"),
        ("model.normalize", "no", "true or false"),
        ("model.net.dropout", 1.0, "a finite number of at least 0 and at most 0.99"),
        ("model.head.scale", 0, "a finite number above 0, or null"),
        ("centroids.layer.init", "ones", "one of zeros, normal"),
        ("centroids.layer.init", None, "one of zeros, normal"),
        ("loss.lambda", -0.1, "a finite number of at least 0"),
        ("loss.lambda", math.nan, "a finite number of at least 0"),
        ("loss.lambda", math.inf, "a finite number of at least 0"),
        ("loss.lambda", "0,5", "a finite number of at least 0"),
        ("loss.lambda", True, "a finite number of at least 0"),
        ("loss.lambda", [0.5], "a finite number of at least 0"),
        ("optimizer.lr", 0, "a finite number above 0"),
        ("optimizer.centroid_lr", -1, "a finite number above 0, or null"),
        ("trainer.max_epochs", 0, "an integer of at least 1"),
        ("trainer.accelerator", "gpus", "one of auto, cpu, gpu, cuda, mps, tpu"),
        ("callbacks.snapshot.every", 0, "an integer of at least 1"),
    ],
)
def test_refused(key, value, allowed):
    with pytest.raises(UserError) as caught:
        check_value(key, value)
    message = str(caught.value)
    shown = "null" if value is None else value
    assert message.startswith(f"{key}={shown}: must be {allowed}")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("seed", 2**32 - 1),
        ("ckpt_path", None),
        ("ckpt_path", "last"),
        ("data.batch_size", 2),
        ("data.channels", 3),
        ("data.classes", None),
        ("data.classes", [9, 0]),
        ("data.test_fraction", 0.99),
        ("model.normalize", True),
        ("model.net.dropout", 0),
        ("model.head.scale", None),
        ("model.head.scale", 1e-3),
        ("loss.lambda", 0),
        ("loss.lambda", 0.0),
        ("loss.lambda", 1e6),
        ("optimizer.centroid_lr", None),
        ("trainer.accelerator", "cuda"),
        ("key.that.the.table.lacks", object()),
    ],
)
def test_accepted(key, value):
    check_value(key, value)


def test_every_key_has_a_meaning_in_one_line():
    assert all(setting.meaning and "\n" not in setting.meaning for setting in SETTINGS.values())


@pytest.mark.parametrize(
    ("setting", "allowed"),
    [
        (Setting("number", ""), "a finite number"),
        (Setting("number", "", low=-1.5, high=2), "a finite number of at least -1.5 and at most 2"),
        (Setting("boolean", "", optional=True), "true or false, or null"),
        (Setting("text", "", choices=("a", "b"), optional=True), "one of a, b, or null"),
    ],
)
def test_what_is_allowed_is_said_in_words(setting, allowed):
    assert setting.allowed == allowed

"""The table of settings: what every key takes, and what is said where it does not."""

import math

import pytest
from hydra import compose, initialize_config_dir

from icv_lightning.configuration.composition import CONF
from icv_lightning.configuration.resolution import Template
from icv_lightning.configuration.resolvers import register_resolvers
from icv_lightning.declarations.settings import ADDED, Setting, declared
from icv_lightning.errors import UserError
from icv_lightning.nested import ABSENT, leaves, select

GROUPS = (
    "data", "data/augment", "model", "centroids", "loss", "optimizer", "scheduler", "trainer", "callbacks",
    "logger", "search",
)  # fmt: skip


@pytest.fixture(scope="module")
def configurations(tmp_path_factory):
    """Every choice of every group, composed and resolved."""
    pictures = tmp_path_factory.mktemp("pictures")
    for number in range(1, 41):
        for folder in pictures / f"class{number}", pictures / "orl_faces" / f"s{number}":
            folder.mkdir(parents=True)
            for picture in range(10):  # enough to cut a test part
                (folder / f"{picture}.png").touch()
    register_resolvers()
    choices = [f"{group}={path.stem}" for group in GROUPS for path in (CONF / group).glob("*.yaml")]
    with initialize_config_dir(str(CONF), version_base="1.3"):
        configs = [compose("config", [choice, f"data.root={pictures}"]) for choice in choices]
    return [Template(config).identity().config for config in configs]


@pytest.fixture(scope="module")
def settings(configurations):
    """All keys, with what they may hold."""
    return {key: setting for config in configurations for key, setting in declared(config).items()}


def test_every_default_is_allowed_and_every_declared_key_is_there(configurations, settings):
    seen = set()
    for config in configurations:
        for key, setting in declared(config).items():
            if (value := select(config, key)) is not ABSENT:
                setting.check(key, value)
                seen.add(key)
    assert settings.keys() - seen == ADDED


def test_every_key_of_conf_is_declared(configurations, settings):
    """All but names of classes and what is made of other keys."""
    free = (
        "_target_",
        "_partial_",
        "num_classes",
        "embedding_dim",
        "channels",
        "image_size",
        "normalize",
        "normalized",
    )
    for config in configurations:
        for group in ("data", "model", "centroids", "loss", "optimizer"):
            for key, _ in leaves({group: config[group]}):
                above = {key.rsplit(".", n)[0] for n in range(key.count(".") + 1)}
                last = key.rpartition(".")[2]
                if "about" in key.split(".") or above & settings.keys() or last in free:
                    continue
                assert key in FREE, key


FREE = {
    "data.name", "data.folder", "centroids.name", "loss.criterion.weight", "loss.criterion.between",
    "loss.criterion.max_total_variance", "loss.criterion.name", "loss.criterion.margin",
    "loss.criterion.scale", "optimizer.algorithm.lr", "model.net.image_width",
}  # fmt: skip


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
        ("loss.lambda", 10**400, "a finite number of at least 0"),
        ("data.val_size", 10**400, "an integer of at least 0"),
        ("data.classes", [0, 10**400], "a list of two or more different class numbers, or null"),
        ("optimizer.lr", 0, "a finite number above 0"),
        ("optimizer.centroid_lr", -1, "a finite number above 0, or null"),
        ("trainer.max_epochs", 0, "an integer of at least 1"),
        ("trainer.accelerator", "gpus", "one of auto, cpu, gpu, cuda, mps, tpu"),
        ("callbacks.snapshot.every", 0, "an integer of at least 1"),
    ],
)
def test_refused(settings, key, value, allowed):
    with pytest.raises(UserError) as caught:
        settings[key].check(key, value)
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
    ],
)
def test_accepted(settings, key, value):
    settings[key].check(key, value)


def test_every_key_has_a_meaning_in_one_line(settings):
    assert all(setting.meaning and "\n" not in setting.meaning for setting in settings.values())


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"kind": "nmber", "meaning": "x"}, "kind=nmber: must be one of integer, number"),
        ({"kind": "number", "meaning": "x", "lower": 0}, "unexpected keyword argument 'lower'"),
        (
            {"kind": "number", "meaning": "x", "low": 0, "neutral": -1},
            "neutral=-1: must be a finite number of at",
        ),
        ({"kind": "number"}, "missing 1 required positional argument: 'meaning'"),
        ("number", "no attribute"),
    ],
)
def test_a_declaration_that_cannot_be_read_is_named(fields, wrong):
    config = {"loss": {"margin": 0.1, "about": {"keys": {"margin": fields}}}}
    with pytest.raises(UserError, match=rf"^loss\.about\.keys\.margin: cannot be read.*{wrong}"):
        declared(config)


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

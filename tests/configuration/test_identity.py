"""The identity of a run: the same however settings are written, another where a result can change."""

import re
from typing import Any

import pytest
from hydra import compose, initialize_config_dir
from omegaconf import DictConfig, OmegaConf, open_dict

from icv_lightning.configuration.composition import CONF
from icv_lightning.configuration.identity import Identity, identify
from icv_lightning.configuration.resolvers import register_resolvers
from icv_lightning.data.sizes import class_count, count_classes, image_count
from icv_lightning.errors import UserError


@pytest.fixture(scope="module")
def base() -> DictConfig:
    return composed()


def composed(*overrides: str) -> DictConfig:
    register_resolvers()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return compose("config", [*overrides])


def changed(config: DictConfig, **values: Any) -> DictConfig:
    """A copy with other values; `__` stands for the dot of a key."""
    copy = config.copy()
    for key, value in values.items():
        OmegaConf.update(copy, key.replace("__", "."), value, force_add=True)
    return copy


def test_name_says_what_a_grid_is_made_of(base):
    assert re.fullmatch(r"mnist-d2-raw-l0\.05-learned-s0-[0-9a-f]{8}", identify(base).name)
    other = changed(base, model__normalize=True, model__embedding_dim=4, loss__lambda=1.0, seed=7)
    assert re.fullmatch(r"mnist-d4-norm-l1-learned-s7-[0-9a-f]{8}", identify(other).name)
    assert identify(base).name.endswith(identify(base).hash[:8])
    assert re.fullmatch(r"[0-9a-f]{64}", identify(base).hash)


def test_the_configuration_names_its_own_cell(base):
    assert base.cell == identify(base).name


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("data.train_size", 100),
        ("data.classes", list(range(10))),
        ("data.per_class", 32),
        ("centroids.layer.sparse", True),
        ("data.sampling", "balanced"),
        ("data.augment", {"_target_": "icv_lightning.data.augmentation.CropFlip"}),
        ("loss.warmup", 0.1),
        ("loss.label_smoothing", 0.1),
        ("loss.class_weights", "balanced"),
        ("model.freeze", True),
        ("optimizer.decay_all", True),
        ("scheduler.warmup", 0.1),
        ("scheduler.centroids", "stay"),
        ("optimizer.algorithm.fused", False),
    ],
)
def test_a_key_that_came_later_makes_another_cell_only_where_it_changes_a_result(base, key, value):
    without = base.copy()
    without.data.num_classes = 10  # as it stood before
    group, _, name = key.rpartition(".")
    with open_dict(without):
        del OmegaConf.select(without, group)[name]
        if name in without.loss.criterion:
            del without.loss.criterion[name]  # handed on to the constructor
        without.data.about.train_images = None  # made of data.classes
    assert identify(without).hash == identify(base).hash
    assert identify(changed(base, **{key.replace(".", "__"): value})).hash != identify(base).hash


def test_the_number_of_classes_follows_those_kept(base):
    assert base.data.num_classes == base.model.head.num_classes == 10
    some = composed("data.classes=[4,2,9]")
    assert some.data.num_classes == some.model.head.num_classes == some.centroids.layer.num_classes == 3
    with pytest.raises(UserError, match=r"data.classes=\[2, 10, 12\]: has \[10, 12\], must be from 0 to 9"):
        class_count([2, 10, 12], 10)
    assert composed("data=omniglot", "data.subset=small2").data.num_classes == 156
    assert image_count(None, [3, 4, 5]) == 12
    assert image_count([2, 0], [3, 4, 5]) == 8
    with pytest.raises(UserError, match=r"data.classes=\[3\]: has \[3\], must be from 0 to 2"):
        image_count([3], [3, 4, 5])


@pytest.mark.parametrize(("one", "other"), [("0", "0.0"), ("0.5", "0.50"), ("1", "1e0"), ("0.05", "5e-2")])
def test_one_lambda_is_one_cell_however_it_is_written(one, other):
    assert identify(composed(f"loss.lambda={one}")).name == identify(composed(f"loss.lambda={other}")).name


@pytest.mark.parametrize(
    ("key", "one", "other"),
    [
        ("optimizer__lr", 1, 1.0),
        ("model__net__dropout", 0, 0.0),
        ("model__net__widths", [32, 64], [32.0, 64.0]),
        ("optimizer__algorithm__betas", [0, 1], [0.0, 1.0]),
    ],
)
def test_integers_and_floats_are_one(base, key, one, other):
    assert identify(changed(base, **{key: one})).hash == identify(changed(base, **{key: other})).hash


def test_true_is_not_one(base):
    assert (
        identify(changed(base, model__net__dropout=1)).hash
        != identify(changed(base, model__net__dropout=True)).hash
    )


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("name", "other"),
        ("cell", "other"),
        ("force", True),
        ("paths__outputs", "/elsewhere"),
        ("logger__csv", None),
        ("logger__more", {"_target_": "another.Logger"}),
        ("callbacks__progress__refresh_rate", 1),
        ("data__root", "/elsewhere"),
        ("data__num_workers", 4),
        ("data__eval_batch_size", 7),
        ("hydra", {"job": "x"}),
        ("ckpt_path", "last"),
    ],
)
def test_what_cannot_change_a_result_changes_no_name(base, key, value):
    assert identify(changed(base, **{key: value})).name == identify(base).name


def test_what_a_component_declares_of_itself_makes_no_other_cell(base):
    other = changed(base, data__about__title="x", loss__about={"keys": {}})
    assert identify(other).hash == identify(base).hash


def test_a_run_without_progress_is_the_same_cell(base):
    assert identify(composed("~callbacks.progress")).name == identify(base).name


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("seed", 1),
        ("data__name", "fashion_mnist"),
        ("data__batch_size", 128),
        ("data__val_size", 5000),
        ("data__transform", {"_target_": "a.Transform"}),
        ("model__embedding_dim", 4),
        ("model__normalize", True),
        ("model__net__widths", [32, 65]),
        ("centroids__layer__init", "normal"),
        ("loss__lambda", 0.5),
        ("optimizer__lr", 0.01),
        ("optimizer__centroid_lr", 0.01),
        ("trainer__max_epochs", 5),
        ("trainer__precision", "bf16-mixed"),
        ("callbacks__snapshot__every", 2),
        ("ckpt_path", "/a/checkpoint.ckpt"),
    ],
)
def test_what_can_change_a_result_changes_the_hash(base, key, value):
    assert identify(changed(base, **{key: value})).hash != identify(base).hash


def test_lambdas_that_look_alike_in_the_name_differ_in_the_hash(base):
    one, other = changed(base, loss__lambda=0.1234567), changed(base, loss__lambda=0.1234568)
    assert identify(one).name[:-8] == identify(other).name[:-8]
    assert identify(one).name != identify(other).name


def test_order_of_keys_is_no_matter():
    forth, back = {"a": 1, "b": {"c": 2, "d": 3}}, {"b": {"d": 3, "c": 2}, "a": 1}
    assert Identity(forth).hash == Identity(back).hash


def test_identity_is_resolved_and_plain(base):
    settings = identify(base).settings
    assert settings["loss.criterion.weight"] == 0.05
    assert settings["model.net.widths"] == [32.0, 64.0]
    assert settings["data.seed"] == 0.0
    assert "data.root" not in settings


def test_the_folder_of_pictures_is_part_of_the_identity(tmp_path):
    for place in "one", "two":
        for name in "ant", "bee":
            (tmp_path / place / name).mkdir(parents=True)
            for picture in range(10):  # enough to cut a test part
                (tmp_path / place / name / f"{picture}.png").touch()
    one, two = (composed("data=image_folder", f"data.root={tmp_path / place}") for place in ("one", "two"))
    assert one.data.num_classes == 2
    assert identify(one).hash != identify(two).hash


def test_fields_tell_cells_apart(base):
    assert identify(changed(base, loss__lambda=1)).fields == {
        "data": "mnist", "lambda": 1.0, "embedding_dim": 2, "normalize": False, "centroids": "learned",
        "loss": "icv", "model": "convnet", "seed": 0,
    }  # fmt: skip
    assert isinstance(identify(changed(base, loss__lambda=1)).fields["lambda"], float)


@pytest.mark.parametrize("layout", ["", "train"])
def test_class_folders_are_counted(tmp_path, layout):
    for name in "ant", "bee", "cow", ".hidden":
        (tmp_path / layout / name).mkdir(parents=True)
        (tmp_path / layout / name / "0.png").touch()
    (tmp_path / layout / "notes.txt").touch()
    assert count_classes(str(tmp_path)) == 3


def test_no_folder_to_count(tmp_path):
    with pytest.raises(UserError, match=r"data.root=.*none: not a folder that can be read \(No such file"):
        count_classes(str(tmp_path / "none"))


def test_too_few_classes_to_count(tmp_path):
    (tmp_path / "ant").mkdir()
    with pytest.raises(UserError, match=r"needs at least two class folders, found \['ant'\]"):
        count_classes(str(tmp_path))

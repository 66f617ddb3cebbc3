"""Classes that a file may name: those of this package, and of modules that somebody trusts by name."""

import pytest
from torch import nn

from icv_lightning.errors import UserError
from icv_lightning.records.trust import check_foreign, check_plain, trusting

OWN = ("icv_lightning.nets.",)


def check(target: object) -> None:
    check_foreign({"net": {"_target_": target}}, "x.ckpt", OWN, nn.Module, "this package's networks")


def test_a_class_of_this_package_may_be_named() -> None:
    check("icv_lightning.nets.ConvNet")


@pytest.mark.parametrize(
    "target",
    [
        "os.system", "icv_lightning.nets.convnet.math.sqrt", "icv_lightning.netsx.ConvNet", 3,
        "icv_lightning.nets.NoSuch", "icv_lightning.data.DigitsDataModule",
    ],
)  # fmt: skip
def test_anything_else_is_refused(target: object) -> None:
    with pytest.raises(UserError, match=r"^x\.ckpt: names .* which is none of this package's networks"):
        check(target)


def test_another_module_is_built_where_it_is_trusted_and_nowhere_else() -> None:
    with pytest.raises(UserError, match=r"if you trust its code, add --trust torch\.nn \(in Python"):
        check("torch.nn.Linear")
    with trusting("torch.nn"), trusting(["mylab.nets."]):
        check("torch.nn.Linear")
    with pytest.raises(UserError, match="add --trust"):
        check("torch.nn.Linear")


@pytest.mark.parametrize("name", ["", "a b", "../nets", "-x", "a..b"])
def test_what_is_no_module_is_not_trusted(name: str) -> None:
    with pytest.raises(UserError, match="must be the name of a module"), trusting(name):
        pass


@pytest.mark.parametrize("node", [{"a": ["${x}"]}, {"${x}": 1}, [{"b": "a ${oc.env:HOME}"}]])
def test_no_interpolation_passes(node: object) -> None:
    with pytest.raises(UserError, match=r"^results\.json: holds the interpolation"):
        check_plain(node, "results.json")
    check_plain({"a": ["$x", {"b": "{x}"}]}, "results.json")

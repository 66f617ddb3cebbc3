"""The resolvers that conf/ uses are known, and none more."""

import re

from omegaconf import OmegaConf

from icv_lightning.configuration.resolvers import FUNCTIONS, register_resolvers
from icv_lightning.declarations.choices import CONF

USED = re.compile(r"\$\{([a-z_.]+):")


def test_every_resolver_of_conf_is_known_and_every_known_one_is_used() -> None:
    used = {name for path in CONF.rglob("*.yaml") for name in USED.findall(path.read_text())}
    known = {function.__name__ for function in FUNCTIONS}
    assert known <= used
    own = {name for name in used if not name.startswith(("oc.", "hydra"))}
    assert own - known <= {"cell", "now"}
    register_resolvers()
    assert all(OmegaConf.has_resolver(name) for name in (*known, "cell"))

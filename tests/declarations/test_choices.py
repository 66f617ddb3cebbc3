"""What the files of conf/ say of the components that a record names."""

import pytest
from hydra import compose, initialize_config_dir

from icv_lightning.configuration.identity import Identity
from icv_lightning.configuration.resolution import Template
from icv_lightning.configuration.resolvers import register_resolvers
from icv_lightning.declarations.choices import CONF, described


def composed(*overrides: str) -> Identity:
    register_resolvers()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return Template(compose("config", [*overrides])).identity()


@pytest.mark.parametrize(
    "overrides", [(), ("data=emnist", "data.split=letters"), ("loss=discriminant", "centroids=batch_mean")]
)
def test_a_record_without_declarations_has_the_identity_of_its_settings(overrides):
    config = composed(*overrides)
    bare = {
        group: {k: v for k, v in node.items() if k != "about"} if isinstance(node, dict) else node
        for group, node in config.config.items()
    }
    assert "about" not in str(bare)
    again = described(bare)
    assert again["data"]["about"]["title"] == config.config["data"]["about"]["title"]
    assert Identity(again).hash == config.hash

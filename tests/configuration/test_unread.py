"""Keys that nothing reads."""

import pytest

from icv_lightning.configuration import checks
from tests.configuration.conftest import said

pytestmark = pytest.mark.usefixtures("empty_folder")
GONE = "torch.optim.lr_scheduler.NoSuchThing"


@pytest.mark.parametrize(
    ("override", "line"),
    [
        (
            f"+optimizer.scheduler._target_={GONE}",
            "unknown key optimizer.scheduler; the nearest is optimizer.",
        ),
        (
            f"+scheduler._target_={GONE}",
            "+scheduler._target_: is a key already; leave out the +",
        ),
        ("+loss.class_weights._target_=torch.ones", "loss.class_weights={'_target_': 'torch.ones'}: must be"),
        ("+paths.more._target_=torch.ones", "unknown key paths.more; the nearest is paths."),
        ("+experiment.foo=1", "unknown key experiment.foo; the nearest is experiment"),
        ("+search.foo._target_=torch.ones", "unknown key search.foo; the nearest is search"),
        ("+data.about.foo._target_=torch.ones", "unknown key data.about.foo; the nearest is data"),
        ("+callbacks.snapshot.evrey._target_=torch.ones", None),
    ],
)
def test_a_node_that_nothing_reads_is_refused(override: str, line: str | None) -> None:
    if line is None:  # a constructor gets it, and refuses it itself
        checks.check(["data=digits", override])
    else:
        assert said(override).startswith(line)

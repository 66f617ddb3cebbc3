"""What is common to all trackers: epochs, the past told again, starting and finishing in every case."""

import logging
from pathlib import Path
from typing import Any

import pytest
import torch
from hydra import compose, initialize_config_dir
from lightning.pytorch.loggers import CSVLogger, Logger
from PIL import Image

from icv_lightning.configuration.composition import CONF
from icv_lightning.configuration.identity import Identity
from icv_lightning.configuration.resolution import Template
from icv_lightning.configuration.resolvers import register_resolvers
from icv_lightning.loggers import MetricsCSV, Tracker, recording
from icv_lightning.loggers.tracker import never_fatal


class Memory(Tracker):
    """Remember what it is told."""

    kind = "memory"

    def __init__(self, folder: Path, told: list[Any] | None = None) -> None:
        super().__init__(folder)
        self.told: list[Any] = [] if told is None else told

    def start(self, settings: Any, resumed: bool) -> None:
        self.told.append(("start", settings["num_parameters"], resumed))

    @never_fatal
    def log_scalars(self, values: Any, epoch: int, final: bool) -> None:
        self.tell_past(before=epoch + final)
        if values.get("broken"):
            raise OSError("disk full")
        self.told.append((epoch, dict(values), final))

    def log_image(self, key: str, image: Any, epoch: int) -> None:
        self.told.append((epoch, key, image.size))

    def finish(self, error: BaseException | None) -> None:
        self.told.append(("finish", error))


def config(*overrides: str) -> Identity:
    register_resolvers()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return Template(compose("config", ["data=digits", *overrides])).identity()


NET = torch.nn.Linear(3, 2)


def test_epochs_are_counted_from_1_and_the_final_test_belongs_to_the_last(tmp_path: Path) -> None:
    memory = Memory(tmp_path)
    memory.log_metrics({"epoch": 0, "train/loss": 2.0, "test/acc": 0.1}, step=5)
    memory.log_metrics({"lr": 0.5}, step=6)
    memory.log_metrics({"epoch": 1, "train/loss": 1.0, "test/acc": 0.2}, step=10)
    memory.log_metrics({"epoch": 2, "test/acc": 0.3}, step=10)
    assert memory.told == [
        (1, {"train/loss": 2.0, "test/acc": 0.1}, False),
        (2, {"lr": 0.5}, False),
        (2, {"train/loss": 1.0, "test/acc": 0.2}, False),
        (2, {"test/acc": 0.3}, True),
    ]


@pytest.mark.parametrize(("final", "told"), [(False, [1]), (True, [1, 2])])
def test_the_past_is_told_once_from_the_run_s_files_up_to_where_it_resumes(
    tmp_path: Path, final: bool, told: list[int]
) -> None:
    record = MetricsCSV(tmp_path)
    for epoch in range(3):  # the third was logged before its checkpoint could be written
        record.log_metrics({"epoch": epoch, "train/loss": 3.0 - epoch, "val/acc": 0.25}, step=epoch)
        record.log_image("val/embeddings", Image.new("RGB", (4, 6 + epoch)), epoch + 1)
    memory = Memory(tmp_path)
    memory.untold = True
    new = {"epoch": 2, "test/acc": 1.0} if final else {"epoch": 1, "train/loss": 9.0}
    memory.log_metrics(new)
    memory.log_metrics(new)
    past = [
        entry
        for e in told
        for entry in [
            (e, "val/embeddings", (4, 5 + e)),
            (e, {"train/loss": 4.0 - e, "val/acc": 0.25}, False),
        ]
    ]
    (*before, one, two) = memory.told
    assert before == past
    assert one == two == (2, {k: v for k, v in new.items() if k != "epoch"}, final)


def test_a_broken_tracker_is_silent_after_one_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    memory = Memory(tmp_path)
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            memory.log_metrics({"epoch": 0, "broken": 1.0})
        memory.log_metrics({"epoch": 1, "train/loss": 1.0})
    assert memory.told == []
    assert [record.message for record in caplog.records] == [
        "memory stops recording, metrics.csv goes on: OSError: disk full"
    ]


def test_recording_starts_and_ends_all(tmp_path: Path) -> None:
    told: list[Any] = []
    with recording([Memory(tmp_path, told), Memory(tmp_path, told)], config(), NET, resumed=True):
        told.append("run")
    assert told == [("start", 8, True)] * 2 + ["run"] + [("finish", None)] * 2


@pytest.mark.parametrize("error", [RuntimeError("bang"), KeyboardInterrupt(), SystemExit(1)])
def test_recording_tells_what_ended_the_run_and_lets_it_through(tmp_path: Path, error: BaseException) -> None:
    memory = Memory(tmp_path)
    with pytest.raises(type(error)), recording([memory], config(), NET, resumed=False):
        raise error
    assert memory.told[-1] == ("finish", error)


def test_a_tracker_that_cannot_start_ends_those_before_it(tmp_path: Path) -> None:
    class Refusing(Memory):
        def start(self, settings: Any, resumed: bool) -> None:
            raise OSError("no connection")

    memory, refusing = Memory(tmp_path), Refusing(tmp_path)
    with (
        pytest.raises(OSError, match="no connection"),
        recording([memory, refusing], config(), NET, resumed=False),
    ):
        raise AssertionError("the run must not begin")
    assert isinstance(memory.told[-1][1], OSError)
    assert refusing.told == []


def test_a_tracker_that_cannot_end_spoils_neither_the_run_nor_the_others(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    class Stuck(Memory):
        def finish(self, error: BaseException | None) -> None:
            raise OSError("no connection")

    memory = Memory(tmp_path)
    with caplog.at_level(logging.WARNING), recording([memory, Stuck(tmp_path)], config(), NET, resumed=False):
        pass
    assert memory.told[-1] == ("finish", None)
    assert "memory did not end its record: OSError: no connection" in caplog.text


def test_any_other_lightning_logger_gets_the_resolved_configuration(tmp_path: Path) -> None:
    class Foreign(CSVLogger):
        def log_hyperparams(self, params: Any = None) -> None:
            seen.update(params)

    seen: dict[str, Any] = {}
    loggers: list[Logger] = [Foreign(tmp_path)]
    with recording(loggers, config("loss.lambda=0.5"), NET, resumed=False):
        pass
    assert seen["loss"]["criterion"]["weight"] == 0.5
    assert seen["cell"] == config("loss.lambda=0.5").name
    assert seen["num_parameters"] == 8


def test_no_logger_or_callback_that_only_shows_changes_a_cell() -> None:
    plain = config().hash
    for override in (
        "logger=many", "logger=wandb", "logger=tensorboard", "~callbacks.gallery", "~callbacks.throughput",
        "callbacks.gallery.sample_size=10", "callbacks.gallery.epochs=[7]",
    ):  # fmt: skip
        assert config(override).hash == plain, override
    assert config("callbacks.snapshot.every=2").hash != plain


def test_many_is_all_of_them_the_primary_record_first() -> None:
    assert list(config("logger=many").config["logger"]) == ["csv", "wandb", "tensorboard"]
    assert list(config("logger=wandb").config["logger"]) == ["csv", "wandb"]
    assert config("logger=wandb").config["logger"]["wandb"]["offline"] is True


def test_cells_that_differ_in_the_seed_alone_share_a_name() -> None:
    one = config("seed=1").any_seed
    assert one == config("seed=2").any_seed
    assert one.startswith("digits-d2-raw-l0.05-learned-")
    assert one != config("seed=1", "loss.lambda=0.5").any_seed
    assert one != config("seed=1", "optimizer.lr=0.01").any_seed

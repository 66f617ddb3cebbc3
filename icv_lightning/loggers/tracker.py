"""What a run tells its trackers beyond Lightning's scalars: settings, pictures, tables, a sample, its end."""

import functools
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from lightning.pytorch.loggers import Logger
from lightning.pytorch.utilities import rank_zero_only
from PIL.Image import Image
from PIL.Image import open as open_image
from torch import nn

from icv_lightning.configuration.identity import Identity
from icv_lightning.declarations.settings import ABOUT
from icv_lightning.loggers.past import read_past
from icv_lightning.loggers.sample import Sample

log = logging.getLogger(__name__)


class Tracker(Logger):
    """A logger that is told more than scalars. Everything is counted in finished epochs, from 1.

    What a subclass leaves out it does not record. Any other Lightning logger works beside trackers; it
    gets the scalars and the settings.

    Args:
        folder: the run's folder.
    """

    kind = ""

    def __init__(self, folder: str | Path) -> None:
        super().__init__()
        self.folder = Path(folder)
        self.epoch = 0
        self.untold, self.broken = False, False

    @property
    def name(self) -> str:
        """Return the kind of record."""
        return self.kind

    @property
    def version(self) -> str:
        """Return nothing: the run's folder is the version."""
        return ""

    @property
    def save_dir(self) -> str:
        """Return the run's folder."""
        return str(self.folder)

    def start(self, settings: Mapping[str, Any], resumed: bool) -> None:
        """Begin a run with its resolved configuration; `resumed`: it goes on from this cell's checkpoint."""

    @rank_zero_only
    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        """Hand on the trainer's scalars with the epoch that they belong to."""
        self.log_scalars(*self.placed(metrics))

    def placed(self, metrics: Mapping[str, float]) -> tuple[dict[str, float], int, bool]:
        """Return the scalars, their epoch, and whether the final test measured them.

        The trainer adds its own 0-based `epoch`; what comes without belongs to the epoch in progress.
        """
        values = dict(metrics)
        if "epoch" not in values:
            return values, self.epoch + 1, False
        epoch = int(values.pop("epoch"))
        final = all(key.startswith("test/") for key in values)  # the trainer has counted the last epoch
        self.epoch = epoch if final else epoch + 1
        return values, self.epoch, final

    @rank_zero_only
    def log_hyperparams(self, *args: Any, **kwargs: Any) -> None:
        """Do nothing: `start` has the whole configuration."""

    def tell_past(self, before: int) -> None:
        """Where `untold` is set, log the epochs below `before` once more, from the run's own files."""
        if self.untold:
            self.untold = False
            for epoch, scalars, pictures in read_past(self.folder, before):
                for key, path in pictures.items():
                    self.log_image(key, open_image(path), epoch)
                self.log_scalars(scalars, epoch, final=False)

    def log_scalars(self, values: Mapping[str, float], epoch: int, final: bool) -> None:
        """Record the scalars of an epoch, or the `final` test's."""

    def log_image(self, key: str, image: Image, epoch: int) -> None:
        """Record a picture."""

    def log_table(self, key: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], epoch: int) -> None:
        """Record a small table."""

    def log_sample(self, key: str, sample: Sample, epoch: int) -> None:
        """Record a sample of embedded images."""

    def finish(self, error: BaseException | None) -> None:
        """End the record: well, or with the `error` that ended the run."""


def never_fatal(method: Callable[..., None]) -> Callable[..., None]:
    """Call a method in the first process alone; the tracker's first error stops it, and not the training."""

    @rank_zero_only
    @functools.wraps(method)
    def guarded(self: Tracker, *args: Any, **kwargs: Any) -> None:
        if self.broken:
            return
        try:
            method(self, *args, **kwargs)
        except Exception as error:
            self.broken = True
            log.warning("%s stops recording, metrics.csv goes on: %s", self.kind, cause(error))

    return guarded


@contextmanager
def recording(loggers: Sequence[Logger], cell: Identity, module: nn.Module, resumed: bool) -> Iterator[None]:
    """Start every logger with the run's settings, and finish every tracker whatever happens inside.

    Args:
        loggers: the trainer's.
        cell: the run; loggers get its configuration, with `num_parameters` and `cell_any_seed` beside it.
        module: module whose parameters are counted.
        resumed: the run goes on from its own checkpoint.
    """
    settings = {group: _without_about(node) for group, node in cell.config.items()}
    settings["cell_any_seed"] = cell.any_seed
    settings["num_parameters"] = sum(p.numel() for p in module.parameters())
    with ExitStack() as stack:
        for logger in loggers:
            if isinstance(logger, Tracker):
                logger.start(settings, resumed)
                stack.push(partial(_finish, logger))
            else:
                logger.log_hyperparams(settings)
        yield


def _without_about(node: Any) -> Any:
    return {key: value for key, value in node.items() if key != ABOUT} if isinstance(node, Mapping) else node


def _finish(tracker: Tracker, kind: Any, error: BaseException | None, trace: Any) -> None:
    try:
        tracker.finish(error)
    except Exception as failure:  # the run itself is over and recorded
        log.warning("%s did not end its record: %s", tracker.kind, cause(failure))


def cause(error: BaseException) -> str:
    """Return what ended a run, in one line."""
    return " ".join(f"{type(error).__name__}: {error}".split()).removesuffix(":")


def tags(settings: Mapping[str, Any]) -> list[str]:
    """Return what every run is tagged with: data set and λ."""
    return [settings["data"]["name"], f"lambda={settings['loss']['lambda']:g}"]

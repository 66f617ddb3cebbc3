"""Weights & Biases, offline unless asked: a W&B run of its own for every start of a cell."""

import os
import secrets
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lightning.pytorch.utilities import rank_zero_only
from PIL.Image import Image, fromarray

from icv_lightning.configuration.wandb_login import check_login
from icv_lightning.errors import UserError
from icv_lightning.loggers.sample import Sample
from icv_lightning.loggers.tracker import Tracker, cause, never_fatal, tags
from icv_lightning.records.files import write_text

INTERRUPTED = 255  # the exit code by which W&B tells a run that was stopped from one that failed
DATA_DIR = "WANDB_DATA_DIR"  # where W&B keeps what `wandb sync` still has to upload


class WandbTracker(Tracker):
    """Write a W&B run, in `<folder>/wandb/` when offline.

    Its id is the hash in the cell's name and a random part that is drawn at each fresh start: a cell that
    is done again, or elsewhere, is another run; one that goes on from its checkpoint is the same run. W&B
    cannot go on with an offline record, so a resumed offline run tells the epochs before again, from
    metrics.csv and figures/, and its record replaces the partial one.

    Args:
        folder: the run's folder.
        project: W&B project.
        entity: user or team of W&B; None for the login's own.
        offline: write files that `wandb sync` uploads; False needs a login.
        tags: tags beside those of data set and λ.
        job_type: kind of run, for W&B's filters.

    Raises:
        UserError: `offline` is False and W&B cannot be written to.
    """

    kind = "wandb"

    def __init__(
        self,
        folder: str | Path,
        project: str,
        entity: str | None = None,
        offline: bool = True,
        tags: Sequence[str] = (),
        job_type: str = "train",
    ) -> None:
        super().__init__(folder)
        if not offline:
            check_login()
        self.project, self.entity, self.offline = project, entity, offline
        self.tags, self.job_type = list(tags), job_type
        self.experiment: Any = None
        self._files = self.folder / "wandb"
        self._own_data_dir = False

    @rank_zero_only
    def start(self, settings: Mapping[str, Any], resumed: bool) -> None:
        """Begin the W&B run; a connection that fails is a `UserError`, before training."""
        import wandb

        run_id = self._run_id(settings["cell"], resumed)
        if self.offline and resumed:
            self.untold = True
            for partial in self._files.glob(f"offline-run-*-{run_id}"):
                partial.rename(partial.with_name(f"replaced-{partial.name}"))
        folder = str(self.folder.resolve())  # W&B's service stays in the directory where it was started
        try:
            self.experiment = wandb.init(
                project=self.project, entity=self.entity, dir=folder, id=run_id,
                name=settings["cell"], group=settings["name"], job_type=self.job_type,
                tags=[*tags(settings), *self.tags],
                config=dict(settings), mode="offline" if self.offline else "online",
                resume=None if self.offline else "allow", reinit="finish_previous",
                settings=wandb.Settings(silent=True, console="off"),
            )  # fmt: skip
        except Exception as error:  # W&B raises many kinds, not all of its own
            raise UserError(f"logger.wandb: W&B does not start ({cause(error)})") from None
        if DATA_DIR not in os.environ:
            os.environ[DATA_DIR], self._own_data_dir = str(self._files.resolve()), True
        self.experiment.define_metric("*", step_metric="epoch")
        if not self.offline:
            print(f"W&B: {self.experiment.url}")

    @never_fatal
    def log_scalars(self, values: Mapping[str, float], epoch: int, final: bool) -> None:
        """Add a row to the history; the final test's are the summary's."""
        self.tell_past(before=epoch + final)
        if final:
            self.experiment.summary.update(dict(values))
        else:
            self.experiment.log({**values, "epoch": epoch})

    @never_fatal
    def log_image(self, key: str, image: Image, epoch: int) -> None:
        """Add a picture to the epoch's row."""
        import wandb

        self.tell_past(before=epoch)
        self.experiment.log({key: wandb.Image(image), "epoch": epoch}, commit=False)

    @never_fatal
    def log_table(self, key: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], epoch: int) -> None:
        """Add a table."""
        import wandb

        table = wandb.Table(columns=list(columns), data=[list(row) for row in rows])
        self.experiment.log({key: table, "epoch": epoch}, commit=False)

    @never_fatal
    def log_sample(self, key: str, sample: Sample, epoch: int) -> None:
        """Add a table: image, the sample's columns, and coordinates `z1`, `z2`, … for 2D Projection."""
        import wandb

        pictures = [wandb.Image(fromarray(_pixels(image.numpy()))) for image in sample.images]
        columns = ["image", *sample.columns, *(f"z{i + 1}" for i in range(sample.embeddings.shape[1]))]
        coordinates = sample.embeddings.tolist()
        rows = [[p, *row, *z] for p, row, z in zip(pictures, sample.rows(), coordinates, strict=True)]
        self.log_table(key, columns, rows, epoch)

    @rank_zero_only
    def finish(self, error: BaseException | None) -> None:
        """End the W&B run: completed, failed, or interrupted from outside; say how to upload it."""
        if self._own_data_dir:
            del os.environ[DATA_DIR]
        run = self.experiment
        if error is None:
            status, code = "completed", 0
        else:
            run.summary["cause"] = cause(error)
            status, code = ("failed", 1) if isinstance(error, Exception) else ("interrupted", INTERRUPTED)
        run.summary["status"] = status
        run.finish(exit_code=code)
        if self.offline:
            print(f"W&B, offline: wandb sync {self._written(Path(run.settings.sync_dir).name)}")

    def _run_id(self, cell: str, resumed: bool) -> str:
        path = self._files / "run_id"
        if resumed and path.exists():
            return path.read_text()
        write_text(path, f"{cell[-8:]}-{secrets.token_hex(3)}")
        return path.read_text()

    def _written(self, name: str) -> str:
        pattern = "*/wandb/offline-run-*"
        grid = self.folder.parent
        several = len(list(grid.glob(pattern))) > 1
        return f"{shlex.quote(str(grid))}/{pattern}" if several else shlex.quote(str(self._files / name))


def _pixels(image: Any) -> Any:
    return image[0] if len(image) == 1 else image.transpose(1, 2, 0)

"""TensorBoard event files: scalars by epoch, pictures, the embedding projector, and hparams."""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from lightning.pytorch.utilities import rank_zero_only
from omegaconf import OmegaConf
from PIL.Image import Image
from torch.nn.functional import pad

from icv_lightning.declarations.settings import SETTINGS, has_effect
from icv_lightning.loggers.sample import Sample
from icv_lightning.loggers.tracker import Tracker, cause, never_fatal, tags

ACCURACIES = ("test/acc", "test/acc_nearest_centroid", "test/acc_nearest_class_mean")
NO_HPARAM = {"_target_", "_partial_", "folder", "cell_any_seed", "callbacks"}


class TensorBoardTracker(Tracker):
    """Write `<folder>/tensorboard/`, its step the epoch; whatever stood there is replaced.

    A resumed run tells the epochs before again, from metrics.csv and figures/.

    Args:
        folder: the run's folder.

    Raises:
        ValueError: the package tensorboard is not installed.
    """

    kind = "tensorboard"

    def __init__(self, folder: str | Path) -> None:
        super().__init__(folder)
        if find_spec("tensorboard") is None:
            raise ValueError("needs the package tensorboard: pip install 'icv-lightning[tensorboard]'")
        self.experiment: Any = None

    @rank_zero_only
    def start(self, settings: Mapping[str, Any], resumed: bool) -> None:
        """Begin with the configuration as text and as hparams."""
        from torch.utils.tensorboard import SummaryWriter
        from torch.utils.tensorboard.summary import hparams

        shutil.rmtree(self.folder / "tensorboard", ignore_errors=True)
        self.untold = resumed
        self.experiment = SummaryWriter(str(self.folder / "tensorboard"))
        self.experiment.add_text("config", f"```yaml\n{OmegaConf.to_yaml(dict(settings))}```")
        self.experiment.add_text("tags", ", ".join(tags(settings)))
        values = dict(hyperparameters(settings))
        experiment, begin, _ = hparams(values, dict.fromkeys(ACCURACIES))  # type: ignore[no-untyped-call]
        self._add(experiment, begin)

    @never_fatal
    def log_scalars(self, values: Mapping[str, float], epoch: int, final: bool) -> None:
        """Add the scalars; those of the final test stand last, which hparams shows."""
        self.tell_past(before=epoch + final)
        for key, value in values.items():
            self.experiment.add_scalar(key, value, epoch)

    @never_fatal
    def log_image(self, key: str, image: Image, epoch: int) -> None:
        """Add a picture."""
        self.tell_past(before=epoch)
        self.experiment.add_image(key, np.asarray(image), epoch, dataformats="HWC")

    @never_fatal
    def log_table(self, key: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], epoch: int) -> None:
        """Add a table as text."""
        lines = [columns, ["---"] * len(columns), *rows]
        text = "\n".join("| " + " | ".join(map(_short, line)) + " |" for line in lines)
        self.experiment.add_text(key, text, epoch)

    @never_fatal
    def log_sample(self, key: str, sample: Sample, epoch: int) -> None:
        """Add points with thumbnails to the projector."""
        missing = max(0, 3 - sample.embeddings.shape[1])  # of fewer than three dimensions it draws nothing
        points = pad(sample.embeddings, (0, missing))
        self.experiment.add_embedding(
            points, metadata=sample.rows(), metadata_header=list(sample.columns),
            label_img=sample.images.float() / 255, global_step=epoch, tag=key.replace("/", "_"),
        )  # fmt: skip

    @rank_zero_only
    def finish(self, error: BaseException | None) -> None:
        """Close the files with how the run ended, as hparams shows it, and with what ended it."""
        if error:
            self.experiment.add_text("cause", cause(error), self.epoch)
        self._add(_session_end(failed=error is not None))
        self.experiment.close()

    def _add(self, *summaries: Any) -> None:
        for summary in summaries:
            self.experiment._get_file_writer().add_summary(summary)


def hyperparameters(settings: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the settings that are numbers, words or flags, by dotted key, less what changes no result."""
    for key, value in settings.items():
        if key in NO_HPARAM or not has_effect(f"{prefix}{key}", SETTINGS):
            continue
        if isinstance(value, Mapping):
            yield from hyperparameters(value, f"{prefix}{key}.")
        elif isinstance(value, str | int | float):
            yield f"{prefix}{key}", value


def _session_end(failed: bool) -> Any:
    from tensorboard.plugins.hparams.api_pb2 import Status
    from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData
    from torch.utils.tensorboard.summary import hparams

    _, _, summary = hparams({}, {})  # type: ignore[no-untyped-call]
    plugin = summary.value[0].metadata.plugin_data
    said = HParamsPluginData.FromString(plugin.content)
    said.session_end_info.status = Status.Value("STATUS_FAILURE" if failed else "STATUS_SUCCESS")
    plugin.content = said.SerializeToString()
    return summary


def _short(cell: Any) -> str:
    return f"{cell:.4g}" if isinstance(cell, float) else str(cell)

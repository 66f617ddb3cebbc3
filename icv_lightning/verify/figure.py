"""The ROC of verification, FAR on a logarithmic axis."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator

from icv_lightning.report.figures.style import SETTINGS, line_look, new_figure


def roc_figure(far: Sequence[float], curves: Mapping[str, Mapping[Any, Sequence[float | None]]]) -> Figure:
    """Return one panel: for each name the mean of its curves, and a band from the lowest to the highest.

    Args:
        far: the FARs, rising, above 0.
        curves: TARs at these FARs by name, for each fold; None or NaN where they cannot be measured.
    """
    with rc_context(SETTINGS):
        figure, ((axes,),) = new_figure(1, 1, width=4.2, height=3.4)
        measured = np.zeros(len(far), dtype=bool)
        for k, (name, folds) in enumerate(curves.items()):
            values = np.array(list(folds.values()), dtype=float)
            measured = measured | np.isfinite(values).all(0)
            look = line_look(k)
            axes.plot(far, values.mean(0), label=name, drawstyle="steps-post", zorder=9 - k, **look)
            if len(values) > 1:
                band = (values.min(0), values.max(0))
                axes.fill_between(far, *band, color=look["color"], alpha=0.08, linewidth=0, step="post")
        axes.set(xscale="log", xlim=(np.asarray(far)[measured].min(), 1), ylim=(0, 1.005))
        axes.xaxis.set_major_locator(LogLocator(10))
        axes.set_xlabel("FAR: impostor pairs accepted")
        axes.set_ylabel("TAR: genuine pairs accepted")
        axes.legend(loc="lower right")
    return figure

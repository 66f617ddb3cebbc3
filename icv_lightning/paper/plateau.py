"""How many epochs a run needs (claim 5): until it comes near the plateau that its cell ends on."""

from collections.abc import Sequence

import pandas as pd

SHARE = 0.99  # of the plateau
PLATEAU_EPOCHS = 5  # epochs that the plateau is the mean of
NEVER_REACHED = 1  # a run that never comes near counts as one epoch more than it had


def goal(sides: Sequence[Sequence[pd.Series]]) -> float:
    """Return `SHARE` of a cell's plateau.

    Args:
        sides: accuracies by epoch of all runs of the cell, for each of the rules that are compared. The
            plateau is the highest, over the rules, of the mean over runs and the last `PLATEAU_EPOCHS`
            epochs: near a plateau of its own, low one, a bad rule would be quick.
    """
    ends = [[float(curve.iloc[-PLATEAU_EPOCHS:].mean()) for curve in curves] for curves in sides if curves]
    return SHARE * max(sum(found) / len(found) for found in ends)


def epochs_to(curve: pd.Series, accuracy: float) -> float:
    """Return the first epoch whose value is at least `accuracy`, else the last one plus `NEVER_REACHED`."""
    reached = curve.index[curve >= accuracy]
    return float(reached.min() if len(reached) else curve.index.max() + NEVER_REACHED)


def is_reached(curve: pd.Series, accuracy: float) -> bool:
    """Tell whether any epoch's value is at least `accuracy`."""
    return bool((curve >= accuracy).any())

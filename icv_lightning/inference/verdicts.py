"""Three words on a contrast, for any claim: shown, contrary shown, or not shown at n with what n could show.

A contrast is one difference a seed, taken within the seed (paired), whose mean should lie above −margin
(`similar`: within ±margin). Its two-sided 95 % t interval decides, in the words of `WORDS`:

    shown           the interval lies above −margin (`similar`: within ±margin)
    contrary shown  the interval lies wholly below −margin (`similar`: wholly outside ±margin)
    not shown       neither; said with n and with the half-width, the smallest effect that n could have shown
    not judged      fewer values than planned, or than three
    missing         no value

A claim about *all* contrasts is an intersection-union test: it is shown where each interval alone shows its
contrast, and needs no correction. Statements on single contrasts are a list, so their words come after
Holm's correction over all that were planned; one contrast that is contrary shown there contradicts the claim.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from icv_lightning.inference.intervals import Interval, holm, p_above, t_interval

ALPHA = 0.05
MIN_VALUES = 3  # below it a t interval says next to nothing: no word
SHOWN, CONTRARY, NOT_SHOWN = "shown", "contrary shown", "not shown"
NOT_JUDGED, MISSING = "not judged", "missing"


class Finding(NamedTuple):
    """The result of a contrast.

    Attributes:
        label: name of the contrast.
        margin: its mean should lie above −margin.
        similar: and below +margin too.
        planned: number of values from which on it is judged.
        n: number of values that judge.
        interval: mean and 95 % interval of these, or of values that are shown and do not judge; None without.
        p_shown: p-value of "not as claimed", alone; NaN where not judged.
        p_contrary: p-value of "not contrary to the claim", alone.
        word: one of the five above, after correction within the list.
        bootstrap: interval of the mean over bootstrap samples of the images; judges nothing.
        beside: what else is shown with the contrast and judges nothing, by name.
    """

    label: str
    margin: float = 0.0
    similar: bool = False
    planned: int = MIN_VALUES
    n: int = 0
    interval: Interval | None = None
    p_shown: float = float("nan")
    p_contrary: float = float("nan")
    word: str = MISSING
    bootstrap: tuple[float, float] | None = None
    beside: Mapping[str, float] = MappingProxyType({})

    @property
    def is_judged(self) -> bool:
        """Tell whether the planned number of values is there."""
        return self.word in (SHOWN, CONTRARY, NOT_SHOWN)

    @property
    def detectable(self) -> float:
        """Return half the interval: the smallest effect beyond the margin that n could have shown."""
        return self.interval.half if self.interval else float("nan")

    @property
    def text(self) -> str:
        """The result in words, e.g. `not shown at n = 3 (an effect of 0.0041 could have been)`."""
        if self.word == NOT_JUDGED:
            return f"{NOT_JUDGED} (n = {self.n} of {self.planned})"
        if self.word != NOT_SHOWN:
            return self.word
        effect = f"{self.detectable:.4f}" if np.isfinite(self.detectable) else "no spread, none"
        return f"{NOT_SHOWN} at n = {self.n} (smallest effect that could have been: {effect})"


def judge(
    label: str, values: Sequence[float], margin: float = 0.0, similar: bool = False,
    planned: int = MIN_VALUES, overlap: float = 0.0, judging: bool = True,
) -> Finding:  # fmt: skip
    """Return the finding on one contrast, before correction.

    Args:
        label: name of the contrast.
        values: one a seed, or one a split.
        margin: the mean should lie above −margin.
        similar: and below +margin.
        planned: number of values from which on it is judged, at least `MIN_VALUES`.
        overlap: overlap of splits that share training data, see `t_interval`.
        judging: False for values that are shown and may not judge.
    """
    if not len(values):
        return Finding(label, margin, similar, planned)
    n, interval = len(values) if judging else 0, t_interval(values, overlap=overlap)
    finding = Finding(label, margin, similar, planned, n, interval, word=NOT_JUDGED)
    if n < max(planned, MIN_VALUES):
        return finding
    mirrored = [-value for value in values]
    above, below = p_above(values, -margin, overlap), p_above(mirrored, margin, overlap)
    if similar:
        above = max(above, p_above(mirrored, -margin, overlap))
        below = min(below, p_above(values, margin, overlap))
    return finding._replace(p_shown=above, p_contrary=below, word=_word(above, below))


def corrected(findings: Sequence[Finding]) -> list[Finding]:
    """Return `findings` with words after Holm's correction over the list, where those not judged count."""
    shown, contrary = (
        holm([1.0 if np.isnan(p) else p for p in column])
        for column in ([f.p_shown for f in findings], [f.p_contrary for f in findings])
    )
    return [
        finding._replace(word=_word(above, below)) if finding.is_judged else finding
        for finding, above, below in zip(findings, shown, contrary, strict=True)
    ]


def overall(findings: Sequence[Finding]) -> str:
    """Return the word on the claim that all of the corrected `findings` are as it says."""
    judged = [finding for finding in findings if finding.is_judged]
    if not judged and all(finding.word == MISSING for finding in findings):
        return "not run"
    if len(judged) < len(findings):
        return f"{NOT_JUDGED} ({len(judged)} of {len(findings)} contrasts)"
    if all(finding.p_shown < ALPHA for finding in findings):
        return SHOWN
    return CONTRARY if any(finding.word == CONTRARY for finding in findings) else NOT_SHOWN


def tally(findings: Sequence[Finding]) -> str:
    """Say how many single contrasts have which word after correction, empty where none is judged."""
    words = [finding.word for finding in findings if finding.is_judged]
    if not words:
        return ""
    counts = [f"{words.count(word)} {word}" for word in (SHOWN, CONTRARY, NOT_SHOWN) if word in words]
    return f"of {len(words)}: {', '.join(counts)}"


def _word(p_shown: float, p_contrary: float) -> str:
    return SHOWN if p_shown < ALPHA else CONTRARY if p_contrary < ALPHA else NOT_SHOWN

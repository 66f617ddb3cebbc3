"""The rules of `rules.py` applied to runs and to the paper's own tables."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from icv_lightning.inference.intervals import Interval, holm, p_above, percentile_interval, t_interval
from icv_lightning.paper import publication
from icv_lightning.paper.claims import ALPHA, CLAIMS, Claim, margin
from icv_lightning.paper.contrasts import PAPER, Contrast, Plan
from icv_lightning.paper.evidence import Evidence, paired
from icv_lightning.records.cells import data_title
from icv_lightning.records.variants import Variant


class Finding(NamedTuple):
    """What a contrast came to.

    Attributes:
        label: what is contrasted.
        margin: it holds above −margin.
        state: "holds", "contrary" (the interval lies wholly on the other side), "open", "single" (one
            seed), "missing"; on published values "holds" or "fails".
        interval: mean over seeds and its 95 % interval, None where missing.
        p: adjusted by Holm, None without an interval.
        bootstrap: interval over images, of the mean over seeds.
        beside: mean over seeds of what is shown beside.
    """

    label: str
    margin: float
    state: str
    interval: Interval | None = None
    p: float | None = None
    bootstrap: tuple[float, float] | None = None
    beside: float | None = None


class Verdict(NamedTuple):
    """A claim, the word on it and the contrasts that it rests on."""

    claim: Claim
    word: str
    findings: Sequence[Finding]

    @property
    def tally(self) -> str:
        """Say in how many cells it holds."""
        judged = [f for f in self.findings if f.state not in ("missing", "single")]
        contrary = sum(f.state == "contrary" for f in judged)
        text = f"holds in {sum(f.state == 'holds' for f in judged)} of {len(judged)} cells" if judged else ""
        return text + (f", contrary in {contrary}" if contrary else "")


def judge_paper() -> list[Verdict]:
    """Return the verdicts on the paper's own tables, single values without intervals."""
    return [_on_published(claim) for claim in CLAIMS]


def judge_runs(
    variant: Variant, variants: Sequence[Variant], evidence: Evidence, rows: Sequence[dict[str, Any]] = ()
) -> list[Verdict]:
    """Return the verdicts on the runs of `variant`.

    Args:
        variant: the runs that are judged.
        variants: all there are; those with another centroid rule and else equal settings are rivals.
        evidence: where values come from.
        rows: what other experiments left, see `evidence.read_rows`.
    """
    rivals = _rivals(variant, variants)
    plan = _plan(variant, [title for title, _ in rivals])
    sides = [variant, *(rival for _, rival in rivals)]
    return [_on_runs(claim, plan, sides, evidence, rows) for claim in CLAIMS]


def _on_published(claim: Claim) -> Verdict:
    contrasts = claim.contrasts(PAPER)
    if claim.unpublished or not contrasts:
        return Verdict(claim, claim.unpublished, [])
    findings = []
    for contrast in contrasts:
        total = sum(w * _published(cell, claim.measure) for w, cell, _ in contrast.terms)
        value = round(total, 9)  # the tables have three digits: what floating point adds must decide nothing
        holds = value > -contrast.margin and (value < contrast.margin or not contrast.similar)
        interval = Interval(1, value, float("nan"), float("nan"))
        findings.append(Finding(contrast.label, contrast.margin, "holds" if holds else "fails", interval))
    return Verdict(claim, _word(findings), findings)


def _published(cell: Any, measure: str) -> float:
    value = publication.published(cell, measure)
    assert value is not None, f"the paper's tables hold every planned cell: {cell}"
    return value


def _on_runs(
    claim: Claim, plan: Plan, sides: Sequence[Variant], evidence: Evidence, rows: Sequence[dict[str, Any]]
) -> Verdict:
    fed = paired(rows, claim.number)
    planned = claim.contrasts(plan._replace(rivals=()) if fed else plan)  # rivals are what is fed, once
    findings = [_measured(claim, contrast, sides, evidence) for contrast in planned]
    sign = -1.0 if claim.measure == "epochs_to" else 1.0
    for (data, cell), values in fed.items():
        contrast = Contrast(
            f"{data_title(data)}, {cell}", (), margin(data) if claim.fed == "not worse" else 0.0
        )
        findings.append(_finding(contrast, [sign * value for value in values]))
    findings = _adjusted(findings)
    return Verdict(claim, _word(findings), findings)


def _measured(claim: Claim, contrast: Contrast, sides: Sequence[Variant], evidence: Evidence) -> Finding:
    runs = [sides[side].runs.get(cell, {}) for _, cell, side in contrast.terms]
    weights = [weight for weight, _, _ in contrast.terms]
    seeds = sorted(set.intersection(*(set(by_seed) for by_seed in runs)))

    def total(seed: int, read: Any, measure: str) -> Any:
        parts = [read(by_seed[seed], measure) for by_seed in runs]
        return (
            None
            if any(part is None for part in parts)
            else sum(w * p for w, p in zip(weights, parts, strict=True))
        )

    values = {seed: total(seed, evidence.value, claim.measure) for seed in seeds}
    used = [seed for seed, value in values.items() if value is not None]
    finding = _finding(contrast, [values[seed] for seed in used])
    draws = [total(seed, evidence.replicates, claim.measure) for seed in used]
    beside = [total(seed, evidence.value, claim.beside) for seed in used] if claim.beside else []
    return finding._replace(
        bootstrap=None
        if not draws or any(d is None for d in draws)
        else percentile_interval(np.mean(draws, axis=0)),
        beside=None if not beside or None in beside else float(np.mean(beside)),
    )


def _finding(contrast: Contrast, values: Sequence[float]) -> Finding:
    if not values:
        return Finding(contrast.label, contrast.margin, "missing")
    interval = t_interval(values)
    if interval.n < 2:
        return Finding(contrast.label, contrast.margin, "single", interval)
    p = p_above(values, -contrast.margin)
    contrary = interval.high < -contrast.margin
    if contrast.similar:
        p = max(p, p_above([-v for v in values], -contrast.margin))
        contrary = contrary or interval.low > contrast.margin
    return Finding(contrast.label, contrast.margin, "contrary" if contrary else "open", interval, p)


def _adjusted(findings: Sequence[Finding]) -> list[Finding]:
    """Correct p within the claim, and say which contrasts hold."""
    adjusted = iter(holm([f.p for f in findings if f.p is not None]))
    corrected = [f if f.p is None else f._replace(p=next(adjusted)) for f in findings]
    return [f._replace(state="holds") if f.p is not None and f.p < ALPHA else f for f in corrected]


def _word(findings: Sequence[Finding]) -> str:
    states = [f.state for f in findings]
    if all(state == "missing" for state in states):
        return "not run"
    if all(state in ("missing", "single") for state in states):
        return "undecided (n = 1)"
    decided = len(states) - states.count("missing") - states.count("single")
    if decided < len(states):
        return f"undecided ({decided} of {len(states)} cells)"
    held = states.count("holds")
    return "confirmed" if held == len(states) else "refuted" if not held else "mixed"


def _plan(variant: Variant, rivals: Sequence[str]) -> Plan:
    data = variant.data_sets()
    if set(data) & set(publication.DATA):
        return PAPER._replace(rivals=rivals)
    dims = sorted({cell.embedding_dim for cell in variant.runs})
    weights = sorted({cell.weight for cell in variant.runs} - {0.0})
    return Plan(data, dims, weights, sorted({cell.normalize for cell in variant.runs}), rivals)


def _rivals(variant: Variant, variants: Sequence[Variant]) -> list[tuple[str, Variant]]:
    def common(settings: Any) -> dict[str, Any]:
        return {
            k: v for k, v in settings.items() if not k.startswith(("centroids.", "optimizer.centroid_lr"))
        }

    own = variant.settings
    found = []
    for other in variants:
        if other.settings.get("centroids.name") == "learned" or common(other.settings) != common(own):
            continue
        options = [f"{k.rpartition('.')[2]} {v:g}" for k, v in other.settings.items() if k.endswith(".alpha")]
        found.append((" ".join([str(other.settings["centroids.name"]), *options]), other))
    return found if own.get("centroids.name") == "learned" else []

"""The rules of `claims.py` applied to runs and to the paper's own tables."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from icv_lightning.inference.bootstrap import percentile_interval
from icv_lightning.inference.intervals import Interval
from icv_lightning.inference.verdicts import MIN_VALUES, Finding, corrected, judge, overall, tally
from icv_lightning.paper import plateau, publication
from icv_lightning.paper.claim_contrasts import margin
from icv_lightning.paper.claims import CLAIMS, EPOCHS_TO, Claim
from icv_lightning.paper.contrasts import PAPER, Contrast, Plan
from icv_lightning.paper.evidence import CURVE, Evidence, Paired, paired
from icv_lightning.paper.seeds import planned_seeds
from icv_lightning.records.cells import Cell, data_title
from icv_lightning.records.runs import Run
from icv_lightning.records.variants import Variant

HOLDS, FAILS = "holds", "fails"  # of single published values, which have no interval
Runs = Mapping[int, Run]  # by seed
Read = Callable[[Run, str], float | None]


class Verdict(NamedTuple):
    """A claim, the word on it and the contrasts that it rests on."""

    claim: Claim
    word: str
    findings: Sequence[Finding]

    @property
    def tally(self) -> str:
        """Say how many single contrasts have which word."""
        held = [finding.word == HOLDS for finding in self.findings if finding.word in (HOLDS, FAILS)]
        return f"holds in {sum(held)} of {len(held)} contrasts" if held else tally(self.findings)


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
        evidence: source of the values.
        rows: rows that other experiments left, see `evidence.read_rows`.
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
        total = sum(term.weight * _published(term.cell, claim.measure) for term in contrast.terms)
        value = round(total, 9)  # the tables have three digits: what floating point adds must decide nothing
        holds = value > -contrast.margin and (value < contrast.margin or not contrast.similar)
        interval = Interval(1, value, float("nan"), float("nan"))
        word = HOLDS if holds else FAILS
        findings.append(Finding(contrast.label, contrast.margin, contrast.similar, 1, 1, interval, word=word))
    words = {finding.word for finding in findings}
    return Verdict(claim, words.pop() if len(words) == 1 else "mixed", findings)


def _published(cell: Cell, measure: str) -> float:
    value = publication.published(cell, measure)
    assert value is not None, f"the paper's tables hold every planned cell: {cell}"
    return value


def _on_runs(
    claim: Claim, plan: Plan, sides: Sequence[Variant], evidence: Evidence, rows: Sequence[dict[str, Any]]
) -> Verdict:
    fed = {} if claim.part else paired(rows, claim.number)
    planned = claim.contrasts(plan._replace(rivals=()) if fed else plan)  # rivals are what is fed, once
    findings = [_measured(claim, contrast, sides, evidence) for contrast in planned]
    findings += [_fed(claim, data, cell, values) for (data, cell), values in fed.items()]
    findings = corrected(findings)
    return Verdict(claim, overall(findings), findings)


def _fed(claim: Claim, data: str, cell: str, fed: Paired) -> Finding:
    sign = -1.0 if claim.measure == EPOCHS_TO else 1.0
    bound = margin(data) if claim.fed == "not worse" else 0.0
    values = [sign * value for value in fed.values]
    return judge(f"{data_title(data)}, {cell}", values, bound, overlap=fed.overlap)


def _measured(claim: Claim, contrast: Contrast, sides: Sequence[Variant], evidence: Evidence) -> Finding:
    runs = [sides[term.side].runs.get(term.cell, {}) for term in contrast.terms]
    planned = planned_seeds(contrast.terms[0].cell, str(sides[0].settings.get("trainer.precision")))
    there = sorted(set.intersection(*map(set, runs)))
    judging = [seed for seed in there if planned is None or seed in planned]
    seeds = judging or there  # what may not judge is shown
    read, notes = _reader(claim, runs, seeds, evidence)
    values = {seed: _total(contrast, runs, seed, read, claim.measure) for seed in seeds}
    used = [seed for seed, value in values.items() if value is not None]
    finding = judge(
        contrast.label, [values[seed] for seed in used], contrast.margin, contrast.similar,
        len(planned) if planned else MIN_VALUES, judging=bool(judging),
    )  # fmt: skip
    draws = [_total(contrast, runs, seed, evidence.replicates, claim.measure) for seed in used]
    beside = {
        key: [_total(contrast, runs, seed, evidence.value, key, fixed=True) for seed in used]
        for key in claim.beside
    }
    return finding._replace(
        bootstrap=_over_images(draws),
        beside=notes | {key: float(np.mean(v)) for key, v in beside.items() if v and None not in v},
    )


def _over_images(draws: Sequence[np.ndarray | None]) -> tuple[float, float] | None:
    """Return the interval over images of the mean over seeds, None where a seed has none."""
    known = [replicates for replicates in draws if replicates is not None]
    whole = len(known) == len(draws) and len({len(replicates) for replicates in known}) == 1
    return percentile_interval(np.mean(known, axis=0)) if whole else None


def _total(
    contrast: Contrast, runs: Sequence[Runs], seed: int, read: Any, measure: str, fixed: bool = False
) -> Any:
    """Return the weighted sum of one seed, None where a part is missing; `fixed`: `measure` in all terms."""
    keys = [measure if fixed else term.measure or measure for term in contrast.terms]
    parts = [read(by_seed[seed], key) for by_seed, key in zip(runs, keys, strict=True)]
    if any(part is None for part in parts):
        return None
    return sum(term.weight * part for term, part in zip(contrast.terms, parts, strict=True))


def _reader(
    claim: Claim, runs: Sequence[Runs], seeds: Sequence[int], evidence: Evidence
) -> tuple[Read, dict[str, float]]:
    """Return what reads a value of a run, and notes that stand beside the contrast."""
    if claim.measure != EPOCHS_TO:
        return evidence.value, {}
    judged = [[run for seed in seeds if CURVE in (run := by_seed[seed]).curves] for by_seed in runs]
    if not any(judged):
        return lambda run, measure: None, {}
    goal = plateau.goal([[run.curves[CURVE] for run in own] for own in judged])
    never = [sum(not plateau.is_reached(run.curves[CURVE], goal) for run in own) for own in judged]
    notes = {"accuracy": goal, "never near it, other rule": never[0], "never near it, learned": never[1]}
    return lambda run, measure: evidence.epochs(run, goal), notes


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

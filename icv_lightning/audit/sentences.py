"""What to take from an audit, in words that say no more than its numbers hold."""

from collections.abc import Iterator, Mapping, Sequence

from icv_lightning.audit.audited import Measure
from icv_lightning.inference.bootstrap import Estimate

COST = ("euclidean", "cosine", "mahalanobis", "lda", "knn")  # cheapest first
WORDS = {
    "euclidean": "the nearest class mean by Euclid",
    "cosine": "the nearest class mean by cosine",
    "mahalanobis": "the nearest class mean by Mahalanobis",
    "lda": "LDA",
    "knn": "the vote of 10 nearest neighbours",
}
FAIR = "over pictures of these classes; other trainings and classes vary more"


def points(value: float, sign: bool = False) -> str:
    """Return a share in percentage points with two digits."""
    return f"{100 * value:+.2f}" if sign else f"{100 * value:.2f}"


def sentences(measures: Sequence[Measure], leads: Mapping[str, Estimate]) -> list[str]:
    """Return a sentence for each section that has something to say.

    Args:
        measures: of an audit.
        leads: for each rule, how much more accurate the most accurate one is.
    """
    found = {measure.name: measure for measure in measures}
    return [*_rule(found, leads), *_retrieval(found), *_strangers(found), *_labels(found)]


def _rule(found: Mapping[str, Measure], leads: Mapping[str, Estimate]) -> Iterator[str]:
    """Name the cheapest rule that no dearer one is shown to surpass."""
    best = max(COST, key=lambda rule: found[f"acc_{rule}"].value)
    chosen = next(rule for rule in COST if rule == best or leads[rule].low <= 0)
    words = f"Rule: use {WORDS[chosen]}, {points(found[f'acc_{chosen}'].value)} %"
    if chosen != "euclidean":
        words += f": {_bounds(found[f'gain_{chosen}'])} points over {WORDS['euclidean']}"
    if chosen != best:
        more = f"{_bounds(leads[chosen])} points more, which may be chance"
        yield f"{words}. {WORDS[best][0].upper()}{WORDS[best][1:]} has {more}; {FAIR}."
    elif chosen == "euclidean":
        yield f"{words}: the four others gain nothing here."
    else:
        yield f"{words}; {FAIR}."


def _bounds(gain: Measure | Estimate) -> str:
    return f"{points(gain.value, True)} ({points(gain.low, True)} to {points(gain.high, True)})"


def _retrieval(found: dict[str, Measure]) -> Iterator[str]:
    if "recall_at_1" in found:
        one, map_at_r = found["recall_at_1"], found["map_at_r"]
        yield (
            f"Retrieval: the nearest picture is of the class for {points(one.value)} % of {one.n} queries; "
            f"MAP@R {points(map_at_r.value)} %."
        )
    else:
        yield "Retrieval: not measured, no query has another picture of its class."


def _strangers(found: dict[str, Measure]) -> Iterator[str]:
    better = max(("euclidean", "cosine"), key=lambda distance: found[f"auroc_{distance}"].value)
    auroc, known, strange = (
        found[f"{name}_{better}"] for name in ("auroc", "rejected_known", "rejected_strangers")
    )
    yield (
        f"Strangers: by {better} distance to the nearest class mean, AUROC {auroc.value:.3f}; the threshold "
        f"rejects {points(strange.value)} % of strangers and {points(known.value)} % of known pictures."
    )


def _labels(found: dict[str, Measure]) -> Iterator[str]:
    count = found["suspects"]
    yield (
        f"Labels: {count.value:.0f} of {count.n} pictures have neighbours and nearest class mean of another "
        "class; some are wrong labels, others lie where classes overlap: look at the first of the list."
        if count.value
        else f"Labels: none of {count.n} pictures has neighbours and a nearest class mean of another class."
    )

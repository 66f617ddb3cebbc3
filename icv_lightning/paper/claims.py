"""The twelve claims of the paper and the rules that judge them, fixed before the runs that are judged.

Every claim is a list of contrasts: sums of one measure over cells with given weights, one value a seed.
Runs of one seed start equal and see equal batches, so a contrast is taken within a seed (paired) and its
mean over seeds has a 95 % t interval. A contrast *holds* where that interval lies above −margin (and, for
"similar", below +margin too) after Holm's correction over the contrasts of the claim:

    better     margin 0:        the interval is above 0
    not worse  fixed margin:    the lower bound is above −margin
    similar    fixed margin:    both bounds are within ±margin

A claim is *confirmed* where every contrast holds, *refuted* where none does, else *mixed*, with the list.
With one seed it is *undecided (n = 1)*, as it is while planned cells are missing. A bootstrap over the
images stands beside: it says how much is due to them, and judges nothing. On the paper's own
tables the same contrasts are single values, and hold or not by these values alone.

Claims 1, 3, 4 and 8 are judged on the nearest class mean for both sides, the learned centroids beside:
cross-entropy never chased its centroids. Lengths are in spacings, the mean distance of a class mean to the
nearest other, because scaling embeddings and head together changes no score.
"""

from collections.abc import Callable
from dataclasses import dataclass

from icv_lightning.paper.contrasts import Contrast, Plan, difference
from icv_lightning.records.cells import Cell, data_title, shape_title

ALPHA = 0.05
MARGIN = {"mnist": 0.002, "fashion_mnist": 0.005}  # accuracy: 0.2 and 0.5 points
OTHER_MARGIN = 0.005  # of data sets that the paper has not
LAG_MARGIN = 0.05  # claim 10: C_k stands within a twentieth of the spacing
NEVER = 1  # claim 5: a run that never reaches the accuracy counts as one epoch more than it had


@dataclass(frozen=True)
class Claim:
    """A sentence of the paper and how it is judged.

    Attributes:
        number: as in the list of claims.
        text: what is claimed.
        where: in the paper.
        how: estimator, cells and margin, in words.
        measure: key of what is contrasted.
        beside: key of what is shown beside and judges nothing.
        contrasts: the contrasts over a plan of cells.
        unpublished: why the paper's tables do not tell.
        fed: "better" or "not worse", the rule on values that an experiment beside the grid leaves for it.
    """

    number: int
    text: str
    where: str
    how: str
    measure: str
    beside: str
    contrasts: Callable[[Plan], list[Contrast]]
    unpublished: str = ""
    fed: str = "better"


def margin(data: str) -> float:
    """Return the fixed margin of accuracies on `data`."""
    return MARGIN.get(data, OTHER_MARGIN)


def beats_ce(plan: Plan) -> list[Contrast]:
    """Claim 1: not normalised, ICV − CE, better."""
    return [difference(cell, cell._replace(weight=0.0)) for cell in plan.icv(False)]


def keeps_score(plan: Plan) -> list[Contrast]:
    """Claim 2: ICV − CE, not worse."""
    return [difference(cell, cell._replace(weight=0.0), margin(cell.data)) for cell in plan.icv(False, True)]


def normalising(plan: Plan) -> list[Contrast]:
    """Claim 3: CE normalised − not, better; ICV not normalised − normalised, not worse."""
    helps = [difference(Cell(d, 0.0, n, True), Cell(d, 0.0, n, False)) for d, n, _ in plan.shapes(True)]
    needless = [
        difference(cell, cell._replace(normalize=True), margin(cell.data)) for cell in plan.icv(False)
    ]
    return helps + needless


def trend(plan: Plan) -> list[Contrast]:
    """Claim 4: minus the least-squares slope on λ > 0, better."""
    if len(plan.weights) < 2:
        return []
    centre = sum(plan.weights) / len(plan.weights)
    squares = sum((w - centre) ** 2 for w in plan.weights)
    return [
        Contrast(
            f"{data_title(d)}, {shape_title(n, u)}",
            tuple(((centre - w) / squares, Cell(d, w, n, u), 0) for w in plan.weights),
        )
        for d, n, u in plan.shapes(False, True)
    ]


def fewer_epochs(plan: Plan) -> list[Contrast]:
    """Claim 5: epochs of each other rule − learned, better."""
    return [
        Contrast(f"{cell.title}, {rival} − learned", ((1.0, cell, i), (-1.0, cell, 0)))
        for i, rival in enumerate(plan.rivals, start=1)
        for cell in plan.icv(False, True)
    ]


def shorter_tails(plan: Plan) -> list[Contrast]:
    """Claim 6: not normalised, tail of CE − of ICV, better."""
    return [difference(cell._replace(weight=0.0), cell) for cell in plan.icv(False)]


def similar_scores(plan: Plan) -> list[Contrast]:
    """Claim 7: normalised − not, similar, CE and ICV."""
    cells = [Cell(d, w, n, True) for d, n, _ in plan.shapes(True) for w in (0.0, *plan.weights)]
    return [
        difference(cell, cell._replace(normalize=False), margin(cell.data), similar=True) for cell in cells
    ]


def beats_normalised_ce(plan: Plan) -> list[Contrast]:
    """Claim 8: ICV not normalised − CE normalised, better."""
    return [difference(cell, cell._replace(weight=0.0, normalize=True)) for cell in plan.icv(False)]


def euclidean_suffices(plan: Plan) -> list[Contrast]:
    """Claim 9: not normalised ICV, accuracy by Euclidean − by Mahalanobis distance, not worse."""
    return [Contrast(cell.title, ((1.0, cell, 0),), margin(cell.data)) for cell in plan.icv(False)]


def converges(plan: Plan) -> list[Contrast]:
    """Claim 10: minus the distance of C_k to its class mean, above −0.05 spacings."""
    return [Contrast(cell.title, ((-1.0, cell, 0),), LAG_MARGIN) for cell in plan.icv(False, True)]


def keeps_up(plan: Plan) -> list[Contrast]:
    """Claim 11: learned − each other rule, not worse."""
    return [
        Contrast(f"{cell.title}, learned − {rival}", ((1.0, cell, 0), (-1.0, cell, i)), margin(cell.data))
        for i, rival in enumerate(plan.rivals, start=1)
        for cell in plan.icv(False, True)
    ]


def fed_alone(plan: Plan) -> list[Contrast]:
    """Claim 12: no run of the grid tells; the experiments on unseen classes do."""
    return []


BY_MEANS, BY_CENTROIDS = "acc_nearest_class_mean", "acc_nearest_centroid"
CLAIMS = (
    Claim(
        1, "Not normalised, ICV beats cross-entropy at the nearest centroid, 2-d and 4-d", "4.3",
        "accuracy by nearest class mean, ICV − CE, not normalised; better",
        BY_MEANS, BY_CENTROIDS, beats_ce,
    ),
    Claim(
        2, "ICV does not worsen the highest score", "abstract, 4.3",
        "accuracy by highest score, ICV − CE; not worse (margin 0.2 points MNIST, 0.5 others)",
        "acc", "", keeps_score,
    ),
    Claim(
        3, "Normalising is not effective for ICV, but helps cross-entropy", "conclusion",
        "accuracy by nearest class mean; CE: normalised − not, better; ICV: not − normalised, not worse",
        BY_MEANS, BY_CENTROIDS, normalising,
    ),
    Claim(
        4, "Smaller λ gives the better nearest-centroid accuracy", "4.3",
        "minus the least-squares slope on λ (λ > 0) of the accuracy by nearest class mean; better",
        BY_MEANS, BY_CENTROIDS, trend,
    ),
    Claim(
        5, "Comparable accuracy in fewer epochs than existing solutions", "abstract",
        "epochs until the accuracy by nearest class mean is the published value less the margin, other "
        "rule − learned; never reached counts as one epoch more than trained; better",
        "epochs_to", "", fewer_epochs, "never shown",
    ),
    Claim(
        6, "Long-tailed cross-entropy embeddings become small clusters", "4.3, figures 6, 7",
        "p99 / median of the distance to the own class mean (training images, which figures 1, 6 and 7 show; "
        "mean over classes), CE − ICV, not normalised; better; the same on test images beside",
        "tail", "tail_test", shorter_tails, "figures only",
    ),
    Claim(
        7, "The highest score is similar, normalised or not", "4.3",
        "accuracy by highest score, normalised − not; similar (margin 0.2 points MNIST, 0.5 others)",
        "acc", "", similar_scores,
    ),
    Claim(
        8, "Not normalised ICV also beats normalised cross-entropy at the nearest centroid", "conclusion",
        "accuracy by nearest class mean, ICV not normalised − CE normalised; better",
        BY_MEANS, BY_CENTROIDS, beats_normalised_ce,
    ),
    Claim(
        9, "Clusters become symmetric: Euclidean can replace the class-dependent weighted distance", "1",
        "accuracy by Euclidean − by Mahalanobis distance with R(X_k), to class means, ICV not normalised (on "
        "the unit sphere R(X_k) is singular by construction); not worse; median condition number beside",
        "euclidean_gain", "condition", euclidean_suffices, "figures only",
    ),
    Claim(
        10, "C_k converges to its class mean", "eq 6",
        "mean distance of C_k to the class mean after the last epoch, in spacings, ICV; below 0.05",
        "centroid_lag", "", converges, "not measured",
    ),
    Claim(
        11, "C learned in the gradient is no worse than equations 7 and 8", "1",
        "accuracy by nearest class mean, learned − other rule; not worse; by the rules' own centroids beside",
        BY_MEANS, BY_CENTROIDS, keeps_up, "never shown", "not worse",
    ),
    Claim(
        12, "Better for classes that training never saw", "abstract",
        "accuracy by nearest enrolled mean among classes never trained on, ICV − CE; better",
        "unseen", "", fed_alone, "never shown",
    ),
)  # fmt: skip

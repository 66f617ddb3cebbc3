"""The twelve claims of the paper and the rules that judge them, fixed before the runs that are judged.

Every claim is a list of contrasts: sums of one measure over cells with given weights, one value a seed.
Runs of one seed start equal and see equal batches, so a contrast is taken within a seed (paired); the mean
over seeds has a 95 % t interval. What a contrast is asked to be:

    better     margin 0:        the interval lies above 0
    not worse  fixed margin:    the interval lies above −margin
    similar    fixed margin:    the interval lies within ±margin

Three words (`inference/verdicts.py`): *shown* where the interval lies so, *contrary shown* where it lies
wholly on the other side, else *not shown* at n, with the smallest effect that n could have shown. The
claim speaks of all its contrasts together: it is shown where each interval alone shows its contrast (an
intersection-union test, no correction). The list of single contrasts is corrected by Holm over all that are
planned; one contrast that is contrary shown there contradicts the claim. Equal values tell nothing of their
error and show nothing.

Nothing is judged below n = 3, nor before the planned seeds are there (`seeds.py`): tables fill, words wait.
Seed 0 was looked at before these rules were fixed; it stands in tables and judges nothing.

Accuracies and margins hold on these test images: the sampling of 10,000 images alone is worth about ±0.25
points, and the bootstrap over images that stands beside says so, case by case; it judges nothing. On the
paper's own tables the same contrasts are single values, and hold or not by these values alone.

Claims 1, 3, 4 and 8 are judged on the nearest class mean by Euclidean distance for both sides. Beside stand
the nearest class mean by cosine, by the Mahalanobis distance with each class's own covariance, and the
learned centroids: cross-entropy never chased centroids, and its long rays suit another distance. Claims 1a
and 1b hold the variance term against that other distance. Lengths are in spacings, the mean distance of a
class mean to the nearest other, because scaling embeddings and head together changes no score.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from icv_lightning.paper import claim_contrasts
from icv_lightning.paper.contrasts import Contrast, Plan


@dataclass(frozen=True)
class Claim:
    """A sentence of the paper and how it is judged.

    Attributes:
        number: as in the list of claims.
        text: the claim.
        where: place in the paper.
        how: estimator, cells and margin, in words.
        measure: key of what is contrasted.
        beside: keys of what is shown beside and judges nothing.
        contrasts: the contrasts over a plan of cells.
        unpublished: why the paper's tables do not tell.
        part: letter of a further rule on the same sentence.
        fed: "better" or "not worse", the rule on values that an experiment beside the grid leaves for it.
    """

    number: int
    text: str
    where: str
    how: str
    measure: str
    beside: tuple[str, ...]
    contrasts: Callable[[Plan], list[Contrast]]
    unpublished: str = ""
    fed: str = "better"
    part: str = ""

    @property
    def label(self) -> str:
        """Return e.g. `6` or `6a`."""
        return f"{self.number}{self.part}"


BY_MEANS, BY_CENTROIDS = "acc_nearest_class_mean", "acc_nearest_centroid"
BY_COSINE, BY_MAHALANOBIS = "acc_cosine", "acc_mahalanobis"
OTHER_DISTANCES = (BY_COSINE, BY_MAHALANOBIS, BY_CENTROIDS)
EPOCHS_TO = "epochs_to"
BEATS_CE = "Not normalised, ICV beats cross-entropy at the nearest centroid, 2-d and 4-d"
SMALL = "Long-tailed cross-entropy embeddings become small clusters"
CLAIMS = (
    Claim(
        1, BEATS_CE, "4.3",
        "accuracy by nearest class mean, ICV − CE, not normalised; better",
        BY_MEANS, OTHER_DISTANCES, claim_contrasts.beats_ce,
    ),
    Claim(
        1, f"{BEATS_CE}: also where cross-entropy takes the cosine", "4.3",
        "accuracy by nearest class mean, ICV by Euclidean distance − CE by cosine, not normalised; better",
        BY_MEANS, (), partial(claim_contrasts.beats_ce, by=(BY_COSINE, "by cosine")), "not measured",
        part="a",
    ),
    Claim(
        1, f"{BEATS_CE}: also where cross-entropy takes the Mahalanobis distance", "4.3",
        "accuracy by nearest class mean, ICV by Euclidean distance − CE by Mahalanobis distance with R(X_k), "
        "not normalised; better",
        BY_MEANS, (), partial(claim_contrasts.beats_ce, by=(BY_MAHALANOBIS, "by Mahalanobis")),
        "not measured", part="b",
    ),
    Claim(
        2, "ICV does not worsen the highest score", "abstract, 4.3",
        "accuracy by highest score, ICV − CE; not worse (margin 0.2 points MNIST, 0.5 others)",
        "acc", (), claim_contrasts.keeps_score,
    ),
    Claim(
        3, "Normalising is not effective for ICV, but helps cross-entropy", "conclusion",
        "accuracy by nearest class mean; CE: normalised − not, better; ICV: not − normalised, not worse",
        BY_MEANS, OTHER_DISTANCES, claim_contrasts.normalising,
    ),
    Claim(
        4, "Smaller λ gives the better nearest-centroid accuracy", "4.3",
        "minus the least-squares slope on λ (λ > 0) of the accuracy by nearest class mean; better",
        BY_MEANS, OTHER_DISTANCES, claim_contrasts.trend,
    ),
    Claim(
        5, "Comparable accuracy in fewer epochs than existing solutions", "abstract",
        "epochs until the accuracy by nearest class mean is 99 % of the cell's own plateau (the highest, "
        "over the rules compared, of the mean over seeds and the last 5 epochs), other rule − learned; "
        "never reached counts as one epoch more than trained and is counted beside; better",
        EPOCHS_TO, (), claim_contrasts.fewer_epochs, "never shown",
    ),
    Claim(
        6, SMALL, "4.3, figures 6, 7",
        "p99 / median of the distance to the own class mean (training images, which figures 1, 6 and 7 show; "
        "mean over classes), CE − ICV, not normalised; better; the same on test images beside",
        "tail", ("tail_test",), claim_contrasts.smaller_clusters, "figures only",
    ),
    Claim(
        6, f"{SMALL}: the farthest hundredth comes nearer", "4.3, figures 6, 7",
        "p99 of the distance to the own class mean in spacings, over all training images measured, CE − ICV, "
        "not normalised; better (a rule made after seed 0 was seen)",
        "distance_p99", ("distance_p99_test",), claim_contrasts.smaller_clusters, "figures only", part="a",
    ),
    Claim(
        6, f"{SMALL}: the middle comes nearer", "4.3, figures 6, 7",
        "median of the distance to the own class mean in spacings, over all training images measured, CE − "
        "ICV, not normalised; better (a rule made after seed 0 was seen)",
        "distance_median", ("distance_median_test",), claim_contrasts.smaller_clusters, "figures only",
        part="b",
    ),
    Claim(
        7, "The highest score is similar, normalised or not", "4.3",
        "accuracy by highest score, normalised − not; similar (margin 0.2 points MNIST, 0.5 others)",
        "acc", (), claim_contrasts.similar_scores,
    ),
    Claim(
        8, "Not normalised ICV also beats normalised cross-entropy at the nearest centroid", "conclusion",
        "accuracy by nearest class mean, ICV not normalised − CE normalised; better",
        BY_MEANS, OTHER_DISTANCES, claim_contrasts.beats_normalised_ce,
    ),
    Claim(
        9, "Clusters become symmetric: Euclidean can replace the class-dependent weighted distance", "1",
        "accuracy by Euclidean − by Mahalanobis distance with R(X_k), to class means, ICV not normalised (on "
        "the unit sphere R(X_k) is singular by construction); not worse; median condition number beside",
        "euclidean_gain", ("condition",), claim_contrasts.euclidean_suffices, "figures only",
    ),
    Claim(
        10, "C_k converges to its class mean", "eq 6",
        "mean distance of C_k to the class mean after the last epoch, in spacings, ICV; below 0.05",
        "centroid_lag", (), claim_contrasts.converges, "not measured",
    ),
    Claim(
        11, "C learned in the gradient is no worse than equations 7 and 8", "1",
        "accuracy by nearest class mean, learned − other rule; not worse; by the rules' own centroids beside",
        BY_MEANS, (BY_CENTROIDS,), claim_contrasts.keeps_up, "never shown", "not worse",
    ),
    Claim(
        12, "Better for classes that training never saw", "abstract",
        "accuracy by nearest enrolled mean among classes never trained on, ICV − CE; better; splits that "
        "share training classes count by Nadeau and Bengio's correction",
        "unseen", (), lambda plan: [], "never shown",  # no run of the grid tells
    ),
)  # fmt: skip

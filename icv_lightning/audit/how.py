"""How each measure of an audit was computed, in a line."""

from icv_lightning.evaluation.decision_rules import NEIGHBOURS

HOW_SHAPE = {
    "var_within": "Σ P_k·var(X_k)",
    "var_between": "Σ P_k·‖mean_k − grand mean‖²",
    "var_ratio": "var_within / var_between",
    "distance_median": "median distance to the own class mean, in spacings",
    "distance_p99": "99 % quantile of the distance to the own class mean, in spacings",
    "condition": "median over classes of the condition number of R(X_k), 1 for a ball",
    "effective_dim": "(Σλ)²/Σλ² of the covariance of all embeddings",
    "effective_dim_within": "(Σλ)²/Σλ² of R_w",
    "nc1": "tr(R_w·R_b⁺)/K, 0 in collapse",
    "nc2_norms": "standard deviation over mean of ‖mean_k − grand mean‖, 0 in collapse",
    "nc2_angles": "mean over pairs of |cos + 1/(K − 1)|, 0 in collapse",
    "nc3": "‖W/‖W‖ − M/‖M‖‖², weights of the scores against the class means around theirs, 0 in collapse",
    "nc3_centroids": "‖C/‖C‖ − M/‖M‖‖², centroids against class means, each around their mean, 0 in collapse",
    "nc4": "share of pictures that the model and the nearest class mean give one class, 1 in collapse",
    "centroid_lag": "mean distance of a centroid to its class mean, in spacings",
}
HOW_RULE = {
    "euclidean": "nearest class mean by Euclid",
    "cosine": "nearest class mean by cosine",
    "mahalanobis": "nearest class mean by Mahalanobis, shared covariance, shrunk by 0.01",
    "knn": f"vote of the {NEIGHBOURS} nearest neighbours",
    "lda": "linear discriminant analysis",
}
HOW_SUSPECT = (
    "pictures whose neighbours' vote and nearest class mean, both without it, agree on another class"
)
HOW_STRANGER = {
    "auroc": "chance that a stranger is farther from the nearest class mean than a known picture; {held}",
    "fpr_at_95": "share of strangers accepted where 95 % of the known are; {held}",
    "threshold": "beyond it a picture is rejected, of known ones at most {alpha:g}: split conformal, n = {n}",
    "rejected_known": "share of other known pictures that it rejects; promised: {alpha:g} on average",
    "rejected_strangers": "share of strangers that the threshold rejects; {held}",
}  # fmt: skip

from icv_lightning.paper import claims
from icv_lightning.paper.contrasts import PAPER

CONTRASTS = {claim.number: claim.contrasts for claim in claims.CLAIMS if not claim.part}
ALL = {claim.label: claim for claim in claims.CLAIMS}


def test_twelve_claims_in_order_and_further_rules_on_two_of_them():
    assert list(CONTRASTS) == list(range(1, 13))
    assert [label for label in ALL if not label.isdigit()] == ["1a", "1b", "6a", "6b"]


def test_claims_1_3_8_stand_beside_other_distances():
    for label in ("1", "3", "8"):
        assert ALL[label].beside == ("acc_cosine", "acc_mahalanobis", "acc_nearest_centroid")


def test_claim_1a_takes_cross_entropy_by_cosine():
    ours, other = ALL["1a"].contrasts(PAPER)[0].terms
    assert (ours.measure, other.measure) == ("", "acc_cosine")
    assert (ours.cell.weight, other.cell.weight) == (0.05, 0.0)

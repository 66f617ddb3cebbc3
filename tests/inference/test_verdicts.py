import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from icv_lightning.inference.verdicts import corrected, judge, overall, tally

TIGHT = np.array([-0.001, 0.0, 0.001])


def word(values, **options):
    return judge("x", list(values), **options).word


def test_three_words_by_hand():
    assert word(0.02 + TIGHT) == "shown"
    assert word(-0.02 + TIGHT) == "contrary shown"
    # two degrees of freedom: half-width 4.302653 x 0.001 / 3 ** 0.5 = 0.002484
    finding = judge("x", list(0.002 + TIGHT))
    assert finding.word == "not shown"
    assert finding.detectable == pytest.approx(0.002484, rel=1e-3)
    assert finding.text == "not shown at n = 3 (smallest effect that could have been: 0.0025)"


def test_not_worse_has_its_bound_at_minus_the_margin():
    assert word(-0.002 + TIGHT, margin=0.005) == "shown"
    assert word(-0.002 + TIGHT, margin=0.0) == "not shown"
    assert word(-0.008 + TIGHT, margin=0.005) == "contrary shown"


def test_similar_is_an_equivalence_both_ways():
    assert word(TIGHT, margin=0.005, similar=True) == "shown"
    assert word(0.004 + TIGHT, margin=0.005, similar=True) == "not shown"
    assert word(0.02 + TIGHT, margin=0.005, similar=True) == "contrary shown"
    assert word(-0.02 + TIGHT, margin=0.005, similar=True) == "contrary shown"


@pytest.mark.parametrize("values", [[0.5], [0.5, 0.6]])
def test_nothing_is_judged_below_three(values):
    finding = judge("x", values)
    assert finding.word == "not judged"
    assert finding.text == f"not judged (n = {len(values)} of 3)"


def test_nothing_is_judged_before_the_planned_number_is_there():
    assert judge("x", list(0.02 + TIGHT), planned=10).text == "not judged (n = 3 of 10)"


def test_equal_values_show_nothing():
    finding = judge("x", [0.5, 0.5, 0.5])
    assert (finding.word, finding.text) == (
        "not shown", "not shown at n = 3 (smallest effect that could have been: no spread, none)",
    )  # fmt: skip


def test_no_value_is_missing():
    assert judge("x", []).word == "missing"


def test_all_contrasts_shown_alone_show_the_claim_while_the_list_is_corrected():
    # t of 5.6 on two degrees of freedom: p 0.030 alone; three of them make 0.090 by Holm
    spread = 0.02 * 3**0.5 / 5.6
    findings = [judge(str(k), [0.02 - spread, 0.02, 0.02 + spread]) for k in range(3)]
    assert [f.word for f in findings] == ["shown"] * 3
    listed = corrected(findings)
    assert [f.word for f in listed] == ["not shown"] * 3
    assert overall(listed) == "shown"
    assert tally(listed) == "of 3: 3 not shown"


def test_a_claim_is_contradicted_by_one_contrast_that_stands_after_correction():
    findings = corrected([judge("a", list(0.02 + TIGHT)), judge("b", list(-0.02 + TIGHT))])
    assert overall(findings) == "contrary shown"
    assert tally(findings) == "of 2: 1 shown, 1 contrary shown"


def test_a_contrast_that_is_not_there_yet_counts_in_the_correction():
    spread = 0.02 * 3**0.5 / 5.6
    there = judge("a", [0.02 - spread, 0.02, 0.02 + spread])
    assert corrected([there])[0].word == "shown"
    findings = corrected([there, judge("b", [])])
    assert [f.word for f in findings] == ["not shown", "missing"]
    assert overall(findings) == "not judged (1 of 2 contrasts)"


def test_nothing_at_all_is_not_run():
    assert overall([judge("a", [])]) == "not run"
    assert overall([]) == "not run"


def test_splits_that_share_training_data_count_for_less():
    values = [0.02, 0.03, 0.01, 0.02, 0.03]
    assert judge("x", values).word == "shown"
    wide = judge("x", values, overlap=3 / 7)
    assert wide.interval.half == pytest.approx(
        judge("x", values).interval.half * ((1 / 5 + 3 / 7) * 5) ** 0.5
    )


@given(
    st.lists(st.floats(-1, 1).map(lambda x: round(x, 3)), min_size=3, max_size=8), st.sampled_from([0, 0.1])
)
def test_the_word_alone_is_what_scipys_interval_says(values, margin):
    if len(set(values)) == 1:
        return
    interval = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    if min(abs(interval.low + margin), abs(interval.high + margin)) < 1e-6:
        return
    expected = (
        "shown" if interval.low > -margin else "contrary shown" if interval.high < -margin else "not shown"
    )
    assert word(values, margin=margin) == expected

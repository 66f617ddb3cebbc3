import pandas as pd
import pytest

from icv_lightning.paper.plateau import epochs_to, goal, is_reached


def curve(*values):
    return pd.Series(values, index=range(1, len(values) + 1))


def test_the_plateau_is_the_highest_over_rules_of_the_mean_of_the_last_epochs():
    good = [curve(0.1, 0.9, 0.9, 0.9, 0.9, 0.9), curve(0.1, 0.8, 0.8, 0.8, 0.8, 0.8)]
    poor = [curve(0.5, 0.5, 0.5, 0.5, 0.5, 0.5)]
    assert goal([good, poor]) == pytest.approx(0.99 * 0.85)
    assert goal([poor]) == pytest.approx(0.99 * 0.5)


def test_epochs_to_by_hand():
    rising = curve(0.5, 0.7, 0.9, 0.8)
    assert epochs_to(rising, 0.7) == 2
    assert epochs_to(rising, 0.95) == 5  # never: one more than trained
    assert is_reached(rising, 0.9)
    assert not is_reached(rising, 0.95)


def test_a_poor_rule_is_not_quick_at_a_plateau_of_its_own():
    quick_and_poor, slow_and_good = curve(*[0.5] * 10), curve(*[0.4] * 5, *[0.9] * 5)
    aim = goal([[quick_and_poor], [slow_and_good]])
    assert epochs_to(quick_and_poor, aim) == 11
    assert epochs_to(slow_and_good, aim) == 6

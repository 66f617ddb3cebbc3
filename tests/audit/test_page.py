"""Numbers and intervals as the page shows them."""

import pytest

from icv_lightning.audit.audited import Measure
from icv_lightning.audit.page import interval, number

NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (NAN, "–"), (INF, "∞"), (-INF, "–"), (0.0, "0.0000"), (0.12345, "0.1235"), (-3.2, "-3.2000"),
        (4.9e-5, "4.9e-05"), (5e-5, "0.0001"), (9.99999, "10.0000"), (10.0, "10"), (1234.5678, "1235"),
    ],
)  # fmt: skip
def test_numbers(value, text):
    assert number(value) == text


def test_an_interval_stands_where_there_is_one():
    assert interval(Measure.plain("classes", "nc1", 0.5, 9, "how")) == ""
    assert interval(Measure("rules", "acc_knn", 0.5, 0.25, 0.75, 9, "how")) == "0.2500 to 0.7500"

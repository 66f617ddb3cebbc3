"""The ROC figure: what it draws."""

import pytest

from icv_lightning.verify.figure import roc_figure

FAR = [1e-2, 1e-1, 1.0]


def test_mean_and_band():
    curves = {"CE": {0: [0.2, 0.4, 1.0], 1: [0.4, 0.6, 1.0]}, "ICV λ 0.5": {0: [0.5, 0.9, 1.0]}}
    (axes,) = roc_figure(FAR, curves).axes
    drawn = {line.get_label(): list(line.get_ydata()) for line in axes.lines}
    assert drawn == {"CE": pytest.approx([0.3, 0.5, 1.0]), "ICV λ 0.5": pytest.approx([0.5, 0.9, 1.0])}
    assert len(axes.collections) == 1  # a single curve has no band
    assert axes.get_xscale() == "log"
    assert axes.get_xlim() == (1e-2, 1)


def test_what_cannot_be_measured_is_not_drawn():
    (axes,) = roc_figure(FAR, {"CE": {0: [None, 0.5, 1.0]}}).axes
    assert axes.get_xlim() == (1e-1, 1)

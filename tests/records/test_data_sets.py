"""Titles and margins of data sets: from conf/, from a record for a data set of one's own, else the name."""

from icv_lightning.records.data_sets import data_title, learn, margin


def test_titles_and_margins_of_conf() -> None:
    assert data_title("mnist") == "MNIST"
    assert data_title("fashion_mnist") == "Fashion-MNIST"
    assert margin("mnist", 0.5) == 0.002
    assert margin("no_such", 0.5) == 0.5


def test_a_record_tells_of_a_data_set_of_ones_own_and_changes_no_other() -> None:
    about = {"title": "Butter\x1bflies", "margin": 0.01}
    learn({"data": {"_target_": "mylab.Butterflies", "name": "butterflies_here", "about": about}})
    learn({"data": {"_target_": "mylab.Butterflies", "name": "mnist", "about": {"title": "mine"}}})
    assert data_title("butterflies_here") == r"Butter\x1bflies"
    assert margin("butterflies_here", 0.5) == 0.01
    assert data_title("mnist") == "MNIST"

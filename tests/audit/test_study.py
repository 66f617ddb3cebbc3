"""`audit_embeddings` against scikit-learn, and what it says in words."""

import json

import numpy as np
import pytest
import torch
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.metrics import confusion_matrix, roc_auc_score
from sklearn.model_selection import LeaveOneOut, cross_val_predict
from sklearn.neighbors import KNeighborsClassifier, NearestCentroid

from icv_lightning import audit_embeddings
from icv_lightning.audit.figures import views_figure

SPLIT = np.where(np.arange(160) % 8 < 4, "train", "test")


def test_without_a_split_each_picture_is_left_out(blobs):
    x, y = blobs
    found = audit_embeddings(x, y, draws=50)
    assert found.protocol.startswith("leave-one-out")
    for rule, theirs in (("euclidean", NearestCentroid()), ("knn", KNeighborsClassifier(10))):
        preds = cross_val_predict(theirs, x, y, cv=LeaveOneOut())
        assert found.value(f"acc_{rule}") == pytest.approx((preds == y).mean())
    assert (found.num_images, found.embedding_dim) == (160, 4)
    assert found.class_names == ["ant", "bee", "cat", "dog"]


def test_with_a_split_rules_are_fitted_on_train(blobs):
    x, y = blobs
    found = audit_embeddings(torch.from_numpy(x), y, split=SPLIT, draws=50)
    train, test = SPLIT == "train", SPLIT == "test"
    lda = LinearDiscriminantAnalysis().fit(x[train], y[train])
    assert found.value("acc_lda") == pytest.approx((lda.predict(x[test]) == y[test]).mean())
    preds = NearestCentroid().fit(x[train], y[train]).predict(x[test])
    confused = confusion_matrix(y[test], preds)
    worst = found.pairs[0]
    a, b = found.class_names.index(worst["first"]), found.class_names.index(worst["second"])
    assert worst["count"] == confused[a, b] + confused[b, a]
    assert [row["n"] for row in found.classes] == [20] * 4
    for row, k in zip(found.classes, ["ant", "bee", "cat", "dog"], strict=True):
        assert row["acc_euclidean"] == pytest.approx((preds == y[test])[y[test] == k].mean())


def test_strangers_are_test_classes_that_train_lacks(blobs):
    x, y = blobs
    split = np.where(y == "dog", "test", SPLIT)
    found = audit_embeddings(x, y, split=split, draws=10)
    assert "40 pictures of classes that train lacks" in found.protocol
    train = split == "train"
    means = np.array([x[train & (y == k)].mean(0) for k in ("ant", "bee", "cat")])
    gaps = np.linalg.norm(x[:, None] - means, axis=2).min(1)
    known = (split == "test") & (y != "dog")
    auroc = roc_auc_score((y == "dog")[known | (y == "dog")], gaps[known | (y == "dog")])
    assert found.value("auroc_euclidean") == pytest.approx(auroc, abs=0.05)  # theirs of all, ours of half
    assert found.value("rejected_known_euclidean") <= 0.2


def test_class_disjoint_test_is_taken_by_itself(blobs):
    x, y = blobs
    split = np.where(np.isin(y, ("ant", "bee")), "train", "test")
    found = audit_embeddings(x, y, split=split, draws=10)
    assert found.protocol.startswith("class-disjoint")
    test = split == "test"
    preds = cross_val_predict(NearestCentroid(), x[test], y[test], cv=LeaveOneOut())
    assert found.value("acc_euclidean") == pytest.approx((preds == y[test]).mean())
    assert {m.n for m in found.measures if m.section == "retrieval"} == {80}
    (legend,) = views_figure(found).legends
    assert [text.get_text().strip() for text in legend.get_texts()] == [
        "cat",
        "dog",
    ]  # those that are drawn


def test_queries_and_gallery(blobs):
    x, y = blobs
    query = np.arange(160) < 40
    found = audit_embeddings(x, y, is_query=query, is_gallery=~query, draws=10)
    near = np.linalg.norm(x[query][:, None] - x[~query], axis=2).argmin(1)
    assert found.value("recall_at_1") == pytest.approx((y[~query][near] == y[query]).mean())


def test_flipped_labels_lead_the_list_with_their_files(blobs):
    x, y = blobs
    wrong = y.copy()
    wrong[[3, 40]] = ["ant", "dog"]
    x[3], x[40] = 4 * np.eye(4)[3], 4 * np.eye(4)[0]
    found = audit_embeddings(x, wrong, files=[f"{i}.png" for i in range(160)], draws=10)
    first = {(row["file"], row["label"], row["suggested"]) for row in found.suspects[:2]}
    assert first == {("3.png", "ant", "dog"), ("40.png", "dog", "ant")}


def test_the_file_has_every_number_and_how(blobs):
    found = audit_embeddings(*blobs, draws=10, centroids=np.zeros((4, 4)))
    content = json.loads(json.dumps(found.as_json(), allow_nan=False))
    assert content["measures"][0].keys() == {"section", "name", "value", "low", "high", "n", "how"}
    assert all(m["how"] for m in content["measures"])
    assert {m["section"] for m in content["measures"]} == {
        "classes",
        "rules",
        "retrieval",
        "strangers",
        "labels",
    }
    assert "by_picture" not in content
    assert {"centroid_lag", "acc_cosine", "map_at_r"} <= {m["name"] for m in content["measures"]}


@pytest.mark.parametrize("split", [None, SPLIT])
def test_the_model_s_own_answers(blobs, split):
    x, y = blobs
    preds = np.where(np.arange(160) % 5 == 0, "dog", y)
    found = audit_embeddings(x, y, split=split, preds=preds, weight=np.eye(4), draws=10)
    if split is None:
        asked, nearest = np.ones(160, bool), cross_val_predict(NearestCentroid(), x, y, cv=LeaveOneOut())
    else:
        train, asked = split == "train", split == "test"
        nearest = NearestCentroid().fit(x[train], y[train]).predict(x)
    assert found.value("acc_model") == pytest.approx((preds == y)[asked].mean())
    assert found.value("nc4") == pytest.approx((preds == nearest)[asked].mean())
    assert 0 < found.value("nc3") < 2
    assert "nc3_centroids" not in {m.name for m in found.measures}
    unknown = audit_embeddings(x, y, preds=["unknown"] * 160, draws=10)
    assert "nc4" not in {m.name for m in unknown.measures}


def test_equal_arguments_give_equal_numbers(blobs):
    first, again = (audit_embeddings(*blobs, draws=20) for _ in range(2))
    assert first.as_json() == again.as_json()

"""What an audit says in words."""

import numpy as np

from icv_lightning import audit_embeddings


def test_sentences_name_a_rule_only_where_it_gains(blobs):
    x, y = blobs
    cheapest = audit_embeddings(x, y, draws=50).sentences[0]
    assert cheapest.startswith("Rule: use the nearest class mean by Euc")
    rng = np.random.default_rng(1)
    long = rng.normal(size=(160, 2)) @ [[6, 6], [0, 0.3]] + 2 * np.eye(2)[np.arange(160) % 2]
    found = audit_embeddings(long, np.arange(160) % 2, draws=50)
    assert found.value("gain_mahalanobis") > 0.1
    assert found.value("acc_lda") == found.value("acc_mahalanobis")
    assert found.sentences[0].startswith("Rule: use the nearest class mean by Mahalanobis")  # the cheaper
    assert not found.sentences[0].startswith("Rule: use the nearest class mean by Euc")

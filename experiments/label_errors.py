"""`python -m experiments.label_errors`: how many flipped labels of MNIST lead the list of suspects.

1 % of the training labels are flipped, drawn by a seed; embeddings are the first principal components of the
pixels. Beside it, on the same vectors, cleanlab's ranking (self confidence) by a logistic regression's
cross-validated probabilities, where cleanlab is installed.
"""

import argparse
import os
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_predict
from torchvision.datasets import MNIST

from icv_lightning.evaluation.label_errors import suspects


def main() -> None:
    """Print how many of the first flipped-many suspects are flipped ones, a line a method."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=Path, default=Path(os.environ.get("ICV_DATA", "data")))
    parser.add_argument("--dim", type=int, default=32, help="principal components")
    parser.add_argument("--share", type=float, default=0.01, help="of labels flipped")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    data = MNIST(arguments.root, train=True)
    pixels = data.data.flatten(1).numpy().astype(np.float32) / 255
    embeddings = PCA(arguments.dim, random_state=0).fit_transform(pixels)
    target, flipped = flip(data.targets.numpy(), arguments.share, arguments.seed)
    count = int(flipped.sum())
    found = suspects(torch.from_numpy(embeddings), torch.from_numpy(target)).position.numpy()
    print(f"suspects: {flipped[found[:count]].sum()} of the first {count} are flipped; {len(found)} listed")
    if find_spec("cleanlab"):
        from cleanlab.filter import find_label_issues

        model = LogisticRegression(max_iter=200)
        chances = cross_val_predict(model, embeddings, target, cv=5, method="predict_proba")
        theirs = find_label_issues(target, chances, return_indices_ranked_by="self_confidence")
        hits = flipped[theirs[:count]].sum()
        print(f"cleanlab: {hits} of the first {count} are flipped; {len(theirs)} listed")


def flip(target: np.ndarray, share: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return labels of which a share is another class, and which are flipped."""
    rng = np.random.default_rng(seed)
    chosen = rng.choice(len(target), round(share * len(target)), replace=False)
    wrong, flipped = target.copy(), np.zeros(len(target), dtype=bool)
    wrong[chosen] = (target[chosen] + rng.integers(1, 10, len(chosen))) % 10
    flipped[chosen] = True
    return wrong, flipped


if __name__ == "__main__":
    main()

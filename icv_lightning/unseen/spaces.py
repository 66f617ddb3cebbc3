"""The embeddings that are compared: a trained network's, raw pixels, PCA and LDA of the training part."""

from collections.abc import Callable, Mapping

import torch
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from torch import Tensor

from icv_lightning.data.images import InMemoryImages
from icv_lightning.module import ClassifierModule
from icv_lightning.unseen.episodes import Embedded

Space = Callable[[Tensor], Tensor]  # uint8 images to embeddings
BATCH_SIZE = 1000  # embedded at once


def of_network(module: ClassifierModule) -> Space:
    """Return the embeddings of a trained module, in evaluation mode."""
    module.eval()

    @torch.no_grad()
    def space(images: Tensor) -> Tensor:
        return torch.as_tensor(module.net(images)).double()

    return space


def baselines(train: InMemoryImages, embedding_dim: int) -> Mapping[str, Space]:
    """Return spaces without a network, fitted on the training images.

    Args:
        train: images of the classes that are trained on.
        embedding_dim: N of PCA, and of LDA where there are more than N classes; LDA's covariances are
            shrunk as Ledoit and Wolf (2004) do.
    """
    pixels, target = raw_pixels(train.images[train.index]).numpy(), train.target.numpy()
    varied = pixels.std(0) > 0  # pixels at the border may be black in every image
    pca = PCA(min(embedding_dim, *pixels.shape), svd_solver="covariance_eigh").fit(pixels)
    size = min(embedding_dim, len(set(target.tolist())) - 1)
    lda = LinearDiscriminantAnalysis("eigen", shrinkage="auto", n_components=size).fit(
        pixels[:, varied], target
    )
    return {
        "raw pixels": raw_pixels,
        "PCA": lambda images: torch.from_numpy(pca.transform(raw_pixels(images).numpy())),
        "LDA": lambda images: torch.from_numpy(lda.transform(raw_pixels(images).numpy()[:, varied])),
    }


def raw_pixels(images: Tensor) -> Tensor:
    """Return images as vectors of grey levels from 0 to 1, float64."""
    return images.flatten(1).double() / 255


def embedded(space: Space, part: InMemoryImages, most: int = 0) -> Embedded:
    """Return a part's embeddings and classes, of the first `most` images of each class or of all for 0."""
    index = part.index
    if most:
        firsts = [index[part.target == k][:most] for k in torch.unique(part.target).tolist()]
        index = torch.cat(firsts).sort().values
    blocks = torch.split(index, BATCH_SIZE)
    return Embedded(torch.cat([space(part.images[block]) for block in blocks]), part.all_target[index])

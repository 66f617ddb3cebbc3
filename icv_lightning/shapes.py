"""Whether the tensors of a batch fit each other, which all losses, rules and metrics ask first."""

from torch import Tensor


def check_batch(
    target: Tensor,
    embeddings: Tensor | None = None,
    logits: Tensor | None = None,
    centroids: Tensor | None = None,
) -> None:
    """Refuse what PyTorch would broadcast, or count as an error of the network.

    Classes outside of 0 to K - 1 are refused by all losses, rules and metrics, on the CPU: to look at them
    on a GPU would wait for it at every step. There PyTorch's own assertion ends whatever indexes by class
    (cross-entropy, centroids), and the rest counts such an image as wrong; data modules check the classes of
    every part when they load it, so that no run meets them.

    Args:
        target: B classes, integers.
        embeddings: B x N.
        logits: B x K.
        centroids: K x N.

    Raises:
        ValueError: another shape, or a class outside of 0 to K - 1.
    """
    if embeddings is not None:
        check_shapes(embeddings, centroids)
    if logits is not None and logits.ndim != 2:
        raise ValueError(f"logits must have shape (B, K), got {tuple(logits.shape)}")
    for tensor in (embeddings, logits):
        if tensor is not None and target.shape != tensor.shape[:1]:
            raise ValueError(f"target must have shape ({tensor.shape[0]},), got {tuple(target.shape)}")
    known = [*([] if logits is None else [logits.shape[1]]), *([] if centroids is None else [len(centroids)])]
    if not known or target.device.type != "cpu" or not len(target):
        return
    low, high = (int(value) for value in target.aminmax())
    if low < 0 or high >= min(known):
        raise ValueError(f"target must hold classes 0 to {min(known) - 1}, got {low} to {high}")


def check_shapes(embeddings: Tensor, centroids: Tensor | None = None) -> None:
    """Refuse embeddings that are not B x N, or centroids that are not K x N; raises as `check_batch`."""
    if centroids is None:
        if embeddings.ndim != 2:
            raise ValueError(f"embeddings must have shape (B, N), got {tuple(embeddings.shape)}")
    elif embeddings.ndim != 2 or centroids.ndim != 2 or embeddings.shape[1] != centroids.shape[1]:
        raise ValueError(
            "embeddings (B x N) and centroids (K x N) must share N, "
            f"got {tuple(embeddings.shape)} and {tuple(centroids.shape)}"
        )

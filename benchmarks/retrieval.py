"""Exact retrieval against the matrix products of the same size, and the memory of a million embeddings."""

import argparse
import json
import resource
import time

import torch

from icv_lightning.evaluation.exact_search import COLUMNS
from icv_lightning.evaluation.retrieval import BLOCK, query_values


def sample(size: int, dim: int, per_class: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return embeddings of classes that overlap, float32, and their classes."""
    generator = torch.Generator().manual_seed(0)
    target = torch.arange(size) // per_class
    means = 0.8 * torch.randn(size // per_class + 1, dim, generator=generator)
    embeddings = torch.randn(size, dim, generator=generator)
    for block, classes in zip(torch.split(embeddings, 1000), torch.split(target, 1000), strict=True):
        block += means[classes]
    return embeddings, target


def products(embeddings: torch.Tensor, queries: int) -> float:
    """Return processor seconds of the products of `queries` rows with all rows, float64, in equal blocks."""
    values, rows = embeddings.double(), BLOCK // COLUMNS
    start = time.process_time()
    for block in torch.split(values[:queries], rows):
        for columns in torch.split(values, COLUMNS):
            block @ columns.T
    return time.process_time() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=60_000)
    parser.add_argument("--dim", type=int, default=512)
    parser.add_argument("--per-class", type=int, default=100)
    parser.add_argument("--queries", type=int, default=0, help="default: all")
    parser.add_argument("--no-products", action="store_true", help="for memory alone")
    arguments = parser.parse_args()
    embeddings, target = sample(arguments.size, arguments.dim, arguments.per_class)
    queries = arguments.queries or arguments.size
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.process_time()
    found = query_values(embeddings, target, queries, (1, 5, 10))
    row = {
        "size": arguments.size, "dim": arguments.dim, "per_class": arguments.per_class, "queries": queries,
        "seconds": time.process_time() - start, "recall_at_1": found["recall_at_1"].mean().item(),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, "before_mb": before / 1024,
    }  # fmt: skip
    if not arguments.no_products:
        row["products_seconds"] = products(embeddings, queries)
        row["ratio"] = row["seconds"] / row["products_seconds"]
    print(json.dumps(row, indent=1))


if __name__ == "__main__":
    main()

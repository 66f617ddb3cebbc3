from .sparse_adam import AdamWithSparseRows as AdamWithSparseRows

"""Measures of embeddings, each written once."""

"""A trained network in use: embeddings, nearest centroids, thresholds, pictures, ONNX."""

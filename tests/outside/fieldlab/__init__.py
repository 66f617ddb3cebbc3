"""A package outside icv_lightning with a loss, a centroid rule, a network and a data set of its own."""

"""The command `python -m icv_lightning.search`: settings tried one after the other by a sampler."""

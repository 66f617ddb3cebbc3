"""The command `python -m icv_lightning.run`: one run, from its settings to its record."""

"""The command `python -m icv_lightning.predict`: classes of pictures, by a trained network."""

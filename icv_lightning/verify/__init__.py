"""The command `python -m icv_lightning.verify`: whether two pictures show one person, and who it is."""

"""Tables, figures, verdicts and a page of runs: `python -m icv_lightning.report outputs/<name>`.

It reads results alone and imports no training code: neither torch nor Lightning need be installed. Its
libraries are the extra `report`.
"""

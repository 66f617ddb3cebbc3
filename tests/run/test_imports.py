"""How a run imports what takes seconds to import."""

import gc
import sys

from icv_lightning.run import training


def test_lightning_is_imported_once_and_no_search_for_garbage_looks_at_it_again(monkeypatch):
    frozen = []
    monkeypatch.setattr(training.importlib, "import_module", lambda name: frozen.append(gc.isenabled()))
    monkeypatch.setattr(training.gc, "freeze", lambda: frozen.append("freeze"))
    monkeypatch.delitem(sys.modules, "lightning", raising=False)
    training._import_lightning()
    assert (frozen, gc.isenabled()) == ([False, "freeze"], True)
    monkeypatch.setitem(sys.modules, "lightning", training)
    training._import_lightning()
    assert frozen == [False, "freeze"]

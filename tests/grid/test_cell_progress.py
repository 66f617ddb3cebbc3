"""How far a cell is, read from its folder alone."""

from filelock import FileLock

from icv_lightning.grid.cell_progress import CellProgress
from tests.grid.conftest import finish, rows, start


def test_a_cell_goes_from_waiting_to_completed(config):
    cell = CellProgress(config("a"))
    assert (cell.state, cell.epoch, cell.ended) == ("waiting", 0, False)
    start(cell.folder)
    cell.look()
    assert (cell.state, cell.epoch) == ("running", 0)
    rows(cell.folder, 3)
    cell.look()
    assert (cell.state, cell.epoch) == ("running", 3)
    finish(cell.folder)
    cell.look()
    assert (cell.state, cell.epoch, cell.ended, cell.well) == ("completed", 4, True, True)


def test_a_cell_can_fail_and_an_old_failure_is_not_this_one(config):
    finish(config("a").folder, "failed", cause="old")
    cell = CellProgress(config("a"))
    assert cell.state == "waiting"
    start(cell.folder)
    cell.look()
    assert cell.state == "running"
    finish(cell.folder, "failed", cause="RuntimeError: new")
    cell.look()
    assert (cell.state, cell.results["cause"], cell.ended, cell.well) == (
        "failed",
        "RuntimeError: new",
        True,
        False,
    )


def test_what_is_completed_before_is_said_unless_it_is_done_again(config):
    finish(config("a").folder)
    assert CellProgress(config("a")).state == "already completed"
    cell = CellProgress(config("a", force=True))
    rows(cell.folder, 4)
    cell.look()
    assert (cell.state, cell.epoch) == ("waiting", 0)


def test_results_of_another_configuration_do_not_count(config):
    finish(config("a").folder, hash="another")
    assert CellProgress(config("a")).state == "waiting"


def test_a_broken_file_is_no_result(config):
    cell = CellProgress(config("a"))
    cell.folder.mkdir(parents=True)
    (cell.folder / "results.json").write_text('{"status": "compl')
    cell.look()
    assert cell.state == "waiting"


def test_a_cell_is_alive_while_its_lock_is_held(config):
    cell = CellProgress(config("a"))
    assert not cell.alive
    start(cell.folder)
    with FileLock(cell.folder / ".lock"):
        assert cell.alive
    assert not cell.alive

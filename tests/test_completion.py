"""The completion of the command's words in a shell."""

import pytest

from icv_lightning import __main__ as main
from icv_lightning import completion


@pytest.mark.parametrize("shell", completion.SHELLS)
def test_a_shell_completes_verbs_options_and_choices(
    shell: str, started, capsys: pytest.CaptureFixture[str]
) -> None:
    assert started(completion, shell) == 0
    script = capsys.readouterr().out
    for word in (*main.VERBS, "data=digits", "trainer.max_epochs=", "false-rejection-rate"):
        assert word in script


def test_completion_without_its_library_is_one_line(refused, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(completion, "find_spec", lambda name: None)
    assert refused(completion, "bash").endswith("needs pip install 'icv-lightning[completion]'")

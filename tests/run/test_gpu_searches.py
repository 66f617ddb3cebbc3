"""Adam asks at every step whether there is a GPU; where there is none, the answer costs no search."""

import pytest
import torch


@pytest.mark.skipif(
    torch.cuda.is_available() or not torch.backends.cuda.is_built(),
    reason="needs a torch for GPUs on a machine without one",
)
def test_no_step_searches_for_a_gpu_where_there_is_none(main, monkeypatch):
    searches = []

    def search() -> int:
        searches.append(1)
        return -1

    monkeypatch.setattr(torch.cuda, "_device_count_nvml", search)
    monkeypatch.setenv("PYTORCH_NVML_BASED_CUDA_CHECK", "1")  # as Lightning sets it
    assert main("trainer.max_epochs=1") == 0  # 23 steps
    assert len(searches) < 10

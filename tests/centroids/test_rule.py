"""What holds for every centroid rule."""

import copy
import math

import pytest
import torch
from torch.distributed import init_process_group
from torch.nn.parallel import DistributedDataParallel

from icv_lightning.centroids import BatchMeanCentroids, CentroidRule, LearnedCentroids, OneByOneCentroids
from icv_lightning.losses import CombinedLoss, intra_class_variance

RULES = [LearnedCentroids, BatchMeanCentroids, OneByOneCentroids]
every_rule = pytest.mark.parametrize("rule_class", RULES)


def batch(seed=0, size=12, classes=3):
    generator = torch.Generator().manual_seed(seed)
    target = torch.randint(classes, (size,), generator=generator)
    return torch.randn(size, 2, generator=generator) + 2, target


@every_rule
def test_starts(rule_class):
    assert torch.equal(rule_class(3, 2)(), torch.zeros(3, 2))
    torch.manual_seed(0)
    drawn = rule_class(500, 4, init="normal", std=3.0)()
    assert drawn.std().item() == pytest.approx(3.0, rel=0.05)
    assert rule_class(500, 4, init="normal")().std().item() == pytest.approx(1.0, rel=0.05)
    assert "unseen" not in rule_class(3, 2).state_dict()


def test_a_rule_of_ones_own_starts_as_the_others():
    torch.manual_seed(0)
    rule = CentroidRule(500, 4, init="normal", learned=True)
    assert rule().std().item() == pytest.approx(1.0, rel=0.05)
    assert type(rule.weight) is torch.nn.Parameter
    assert torch.equal(CentroidRule(3, 2, learned=False)(), torch.zeros(3, 2))


@every_rule
def test_class_means_start_each_class_at_its_first_batch_before_the_loss(rule_class):
    rule = rule_class(4, 2, init="class_means")
    first, classes = torch.tensor([[1.0, 1.0], [3.0, 5.0], [7.0, 7.0]]), torch.tensor([2, 2, 0])
    rule.prepare(first, classes)
    assert rule().tolist() == [[7, 7], [0, 0], [2, 3], [0, 0]]
    again = rule().detach().clone()
    rule.prepare(first + 100, classes)
    assert torch.equal(rule(), again)
    rule.prepare(torch.tensor([[9.0, 8.0], [0.0, 0.0]]), torch.tensor([1, 2]))
    assert rule().tolist() == [[7, 7], [9, 8], [2, 3], [0, 0]]


def test_a_start_at_class_means_leaves_absent_classes_where_they_are():
    rule = LearnedCentroids(2, 1, init="class_means")
    with torch.no_grad():
        rule.weight.fill_(5)
    rule.prepare(torch.tensor([[1.0]]), torch.tensor([0]))
    assert rule().tolist() == [[1.0], [5.0]]


@every_rule
def test_update_alone_starts_classes_too(rule_class):
    rule, prepared = rule_class(3, 2, init="class_means"), rule_class(3, 2, init="class_means")
    embeddings, target = batch()
    rule.update(embeddings, target)
    prepared.prepare(embeddings, target)
    prepared.update(embeddings, target)
    assert torch.equal(rule(), prepared())
    assert rule().abs().sum() > 0


@every_rule
def test_prepare_does_nothing_for_other_starts(rule_class):
    rule = rule_class(3, 2, init="normal")
    before = rule()
    rule.prepare(*batch())
    assert rule() is before


@pytest.mark.parametrize("rule_class", [BatchMeanCentroids, OneByOneCentroids])
@pytest.mark.parametrize("init", ["zeros", "class_means"])
def test_state_resumes_exactly(rule_class, init):
    rule = rule_class(3, 2, init=init)
    rule.update(*batch(1, classes=2))
    resumed = rule_class(3, 2, init=init)
    resumed.load_state_dict(copy.deepcopy(rule.state_dict()))
    for seed in (2, 3):
        rule.update(*batch(seed))
        resumed.update(*batch(seed))
    assert torch.equal(rule(), resumed())


@every_rule
def test_gradient_of_the_variance_term_reaches_the_embeddings(rule_class):
    rule = rule_class(3, 2, init="normal")
    embeddings, target = batch()
    embeddings.requires_grad_()
    centroids = rule()
    expected = 2 * (embeddings - centroids[target]).detach() / len(target)
    loss = intra_class_variance(embeddings, centroids, target)
    rule.update(embeddings.detach(), target)  # before backward, as in the training step
    loss.backward()
    torch.testing.assert_close(embeddings.grad, expected)


@pytest.mark.parametrize("rule_class", [BatchMeanCentroids, OneByOneCentroids])
def test_centroids_outside_the_gradient(rule_class):
    rule = rule_class(3, 2)
    assert not list(rule.parameters())
    embeddings, target = batch()
    saved = torch.cdist(embeddings.requires_grad_(), rule())  # a loss that keeps C itself for its backward
    rule.update(embeddings.detach(), target)
    saved.sum().backward()
    logits = torch.randn(12, 3, requires_grad=True)
    CombinedLoss(0.0)(logits, embeddings, rule(), target)["loss"].backward()
    assert logits.grad is not None


@pytest.mark.parametrize("rule_class", [BatchMeanCentroids, OneByOneCentroids])
def test_half_precision_embeddings_and_empty_batches(rule_class):
    rule = rule_class(3, 2, init="normal")
    before = rule().clone()
    rule.update(torch.empty(0, 2), torch.empty(0, dtype=torch.long))
    assert torch.equal(rule(), before)
    embeddings, target = batch()
    half, exact = embeddings.bfloat16(), copy.deepcopy(rule)
    rule.update(half, target)
    exact.update(half.float(), target)
    assert rule().dtype == torch.float32
    assert torch.equal(rule(), exact())


@pytest.mark.parametrize("rule_class", [BatchMeanCentroids, OneByOneCentroids])
def test_updates_keep_no_gradient(rule_class):
    rule = rule_class(3, 2)
    embeddings, target = batch()
    rule.update(embeddings.requires_grad_(), target)
    assert not rule().requires_grad


@every_rule
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"num_classes": 0}, "num_classes must be at least 1, got 0"),
        ({"embedding_dim": 0}, "embedding_dim must be at least 1, got 0"),
        ({"init": "ones"}, "init must be 'zeros', 'normal' or 'class_means', got 'ones'"),
        ({"std": 0.0}, "std must be positive and finite, got 0.0"),
        ({"std": math.inf}, "std must be positive and finite, got inf"),
    ],
)
def test_bad_arguments(rule_class, arguments, message):
    with pytest.raises(ValueError, match=message):
        rule_class(**({"num_classes": 3, "embedding_dim": 2} | arguments))


def test_class_means_are_those_of_both_processes(monkeypatch):
    """The second process, pretended here, holds the embedding 8 of class 0 and 5 of class 2."""
    monkeypatch.setattr("icv_lightning.centroids.rule.processes", lambda: 2)
    theirs = torch.tensor([[8.0, 1.0], [0.0, 0.0], [5.0, 1.0]])  # sums and counts
    monkeypatch.setattr(torch.distributed, "all_reduce", lambda sums: sums.add_(theirs))
    rule = BatchMeanCentroids(3, 1, alpha=0.5)
    rule.update(torch.tensor([[1.0], [3.0], [4.0]]), torch.tensor([0, 0, 1]))
    assert rule().tolist() == [[2.0], [2.0], [2.5]]


def test_samples_of_the_second_process_come_after_those_of_the_first(monkeypatch):
    """The second process, pretended here, holds 8 of class 0: an offset of α · 8 and one step."""
    theirs = iter([torch.tensor([[4.0], [0.0]]), torch.tensor([1, 0])])

    def gather(parts, tensor):
        parts[0].copy_(tensor), parts[1].copy_(next(theirs))

    monkeypatch.setattr("icv_lightning.centroids.one_by_one.processes", lambda: 2)
    monkeypatch.setattr(torch.distributed, "all_gather", gather)
    rule = OneByOneCentroids(2, 1, alpha=0.5)
    rule.update(torch.tensor([[4.0], [6.0]]), torch.tensor([0, 1]))
    assert rule().tolist() == [[5.0], [3.0]]  # 0 → 2 → 5


class Net(torch.nn.Module):
    """Three rules in one module, all of whose buffers DDP overwrites with those of rank 0."""

    def __init__(self):
        super().__init__()
        self.scale = torch.nn.Linear(2, 2, bias=False)
        with torch.no_grad():
            self.scale.weight.copy_(torch.eye(2))
        self.rules = torch.nn.ModuleList(rule_class(4, 2, init="class_means") for rule_class in RULES)
        self.rules.append(BatchMeanCentroids(4, 2, step="wen"))
        self.rules.append(OneByOneCentroids(4, 2, alpha=0.4))

    def forward(self, embeddings, target):
        embeddings = self.scale(embeddings)
        loss = embeddings.sum() * 0
        for rule in self.rules:
            rule.prepare(embeddings.detach(), target)
            loss = loss + intra_class_variance(embeddings, rule(), target)
            rule.update(embeddings.detach(), target)
        return loss


def steps(net, rank=None):
    """Three steps of 10 samples; a rank takes its own, unequal part. Class 3 is seen by rank 1 alone."""
    net = net.double()
    model = net if rank is None else DistributedDataParallel(net)
    optimizer = torch.optim.SGD(net.rules.parameters(), lr=1.0)  # centroids alone: embeddings stay comparable
    for seed in range(3):
        embeddings, target = batch(seed, size=10)
        embeddings, target[8] = embeddings.double(), 3
        part = slice(None) if rank is None else (slice(0, 4), slice(4, 10))[rank]
        share = len(target[part]) / len(target) * (1 if rank is None else 2)  # DDP takes the mean over ranks
        optimizer.zero_grad()
        (share * model(embeddings[part], target[part])).backward()
        optimizer.step()
    return net.state_dict()


def work(rank, folder):
    init_process_group("gloo", init_method=f"file://{folder}/meet", rank=rank, world_size=2)
    torch.save(steps(Net(), rank), f"{folder}/{rank}.pt")
    torch.distributed.destroy_process_group()


@pytest.mark.slow
def test_two_processes_equal_one(tmp_path):
    torch.multiprocessing.spawn(work, args=(str(tmp_path),), nprocs=2)
    alone, ranks = steps(Net()), [torch.load(tmp_path / f"{rank}.pt") for rank in range(2)]
    for key, value in alone.items():
        torch.testing.assert_close(ranks[0][key], value, rtol=1e-12, atol=1e-12, msg=key)
        assert torch.equal(ranks[0][key], ranks[1][key]), key

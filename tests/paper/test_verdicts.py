import json

import numpy as np
import pytest

from icv_lightning.paper.evidence import Evidence, read_rows
from icv_lightning.paper.runs import grouped
from icv_lightning.paper.verdicts import judge_paper, judge_runs
from icv_lightning.records.cells import Cell
from icv_lightning.records.runs import read_runs
from tests.report.grid import PAPER_CELLS, embed, same, write_grid, write_run

NOISE = {1: -0.0004, 2: 0.0001, 3: 0.0003}  # by seed
SEEDS = np.array(list(NOISE.values()))


def judge(grid, *others):
    variants, _ = grouped(read_runs([grid, *others]))
    return {v.claim.label: v for v in judge_runs(variants[0], variants, Evidence(), read_rows([grid]))}


def noisy(value):
    """Return accuracies whose paired differences vary a little."""
    return lambda cell, seed: value(cell) + NOISE[seed] * (1 + cell.weight)


def better(cell):
    return 0.97 if cell.weight else 0.95


class TestOnThePaper:
    verdicts = {v.claim.label: v for v in judge_paper()}  # noqa: RUF012

    @pytest.mark.parametrize(
        ("label", "word", "held"),
        [
            ("1", "holds", 12),
            ("2", "mixed", 14),
            ("3", "mixed", 13),
            ("4", "mixed", 5),
            ("7", "mixed", 12),
            ("8", "mixed", 8),
        ],
    )
    def test_words(self, label, word, held):
        verdict = self.verdicts[label]
        assert verdict.word == word
        assert sum(f.word == "holds" for f in verdict.findings) == held
        assert verdict.tally == f"holds in {held} of {len(verdict.findings)} contrasts"

    @pytest.mark.parametrize(
        ("label", "word"),
        {"1a": "not measured", "1b": "not measured", "5": "never shown", "6": "figures only",
         "6a": "figures only", "6b": "figures only", "9": "figures only", "10": "not measured",
         "11": "never shown", "12": "never shown"}.items(),
    )  # fmt: skip
    def test_what_the_tables_do_not_tell(self, label, word):
        assert (self.verdicts[label].word, self.verdicts[label].findings) == (word, [])

    def test_the_cells_that_speak_against_claim_2(self):
        states = {f.label: f.word for f in self.verdicts["2"].findings}
        # 0.895 → 0.882 and 0.924 → 0.904
        assert states["Fashion-MNIST, N = 2, not normalised, ICV λ 1 − CE"] == "fails"
        assert states["Fashion-MNIST, N = 4, not normalised, ICV λ 1 − CE"] == "fails"
        # 0.895 → 0.890 is the margin itself: not above it, whatever floating point says
        assert states["Fashion-MNIST, N = 2, not normalised, ICV λ 0.5 − CE"] == "fails"
        assert states["MNIST, N = 2, not normalised, ICV λ 1 − CE"] == "holds"  # 0.986 → 0.985

    def test_the_cells_that_speak_against_claim_3(self):
        fails = [f.label for f in self.verdicts["3"].findings if f.word == "fails"]
        assert fails == [
            f"MNIST, N = 2, not normalised, ICV λ {w} − normalised" for w in ("0.05", "0.5", "1")
        ]

    def test_the_cells_that_speak_against_claim_8(self):
        fails = [f.label for f in self.verdicts["8"].findings if f.word == "fails"]
        assert [label for label in fails if label.startswith("MNIST, N = 2")] == [
            f"MNIST, N = 2, not normalised, ICV λ {w} − normalised, CE" for w in ("0.05", "0.5", "1")
        ]

    def test_claim_4_fails_where_fashion_is_best_at_lambda_1(self):
        states = {f.label: f.word for f in self.verdicts["4"].findings}
        assert states["Fashion-MNIST, N = 2, not normalised"] == "fails"
        assert states["Fashion-MNIST, N = 4, not normalised"] == "holds"


def test_claims_1_2_and_8_shown(tmp_path):
    verdicts = judge(write_grid(tmp_path, noisy(better)))
    assert {n: verdicts[n].word for n in ("1", "2", "8")} == dict.fromkeys(("1", "2", "8"), "shown")
    finding = verdicts["1"].findings[0]
    # pairing: the differences are 0.02 + 0.05 times the noise, whatever the seeds have in common
    differences = 0.02 + 0.05 * SEEDS
    assert finding.interval.mean == pytest.approx(differences.mean())
    assert finding.interval.half == pytest.approx(4.302653 * differences.std(ddof=1) / 3**0.5, rel=1e-6)
    assert finding.beside["acc_nearest_centroid"] == pytest.approx(differences.mean())
    assert verdicts["1"].tally == "of 12: 12 shown"


def test_the_contrary_of_claims_1_2_and_8(tmp_path):
    verdicts = judge(write_grid(tmp_path, noisy(lambda cell: 0.94 if cell.weight else 0.95)))
    assert {n: verdicts[n].word for n in ("1", "2", "8")} == dict.fromkeys(("1", "2", "8"), "contrary shown")
    assert verdicts["1"].tally == "of 12: 12 contrary shown"


def test_worse_within_the_margin_is_not_worse_on_one_data_set_alone(tmp_path):
    # 0.3 points below: over the margin of MNIST (0.2), within that of Fashion-MNIST (0.5)
    verdict = judge(write_grid(tmp_path, noisy(lambda cell: 0.947 if cell.weight else 0.95)))["2"]
    assert verdict.word == "contrary shown"
    assert {f.label.split(",")[0] for f in verdict.findings if f.word == "shown"} == {"Fashion-MNIST"}


def test_claim_3_needs_both_halves(tmp_path):
    def accuracy(cell):
        return 0.97 if cell.weight or cell.normalize else 0.95

    assert (
        judge(write_grid(tmp_path / "a", noisy(accuracy)))["3"].word == "not shown"
    )  # equal values: no error
    spread = {1: 0.0002, 2: 0.0, 3: -0.0001}

    def with_spread(cell, seed):
        return accuracy(cell) + spread[seed] * (1 + cell.normalize + cell.weight)

    assert judge(write_grid(tmp_path / "b", with_spread))["3"].word == "shown"
    # normalising does nothing to CE
    verdict = judge(
        write_grid(tmp_path / "c", lambda cell, seed: 0.97 + spread[seed] * (1 + cell.normalize))
    )["3"]
    assert (verdict.word, verdict.tally) == ("not shown", "of 16: 12 shown, 4 not shown")


@pytest.mark.parametrize(("slope", "word"), [(-0.01, "shown"), (0.01, "contrary shown"), (0.0, "not shown")])
def test_claim_4_is_a_trend(tmp_path, slope, word):
    grid = write_grid(
        tmp_path, lambda cell, seed: 0.95 + slope * cell.weight + 0.0005 * NOISE[seed] * cell.weight
    )
    verdict = judge(grid)["4"]
    assert verdict.word == word
    if slope:
        assert verdict.findings[0].interval.mean == pytest.approx(-slope, rel=1e-3)


def test_claim_7_is_a_similarity_both_ways(tmp_path):
    for name, shift, word in (
        ("same", 0.001, "shown"),
        ("up", 0.01, "contrary shown"),
        ("down", -0.01, "contrary shown"),
    ):

        def accuracy(cell, seed, shift=shift):
            return 0.95 + (shift + NOISE[seed] / 10) * cell.normalize

        verdict = judge(write_grid(tmp_path / name, accuracy))["7"]
        assert verdict.word == word
        assert verdict.tally == f"of 16: 16 {word}"


def test_a_claim_about_all_cells_needs_no_correction_while_the_list_of_cells_does(tmp_path):
    # differences 0.02 with standard error chosen so that p is 0.03 alone
    spread = 0.02 * 3**0.5 / 5.6  # t 5.6 on two degrees of freedom: p 0.030
    seeds = dict(zip((1, 2, 3), np.array([-1, 0, 1]) * spread, strict=True))

    def accuracy(cell, seed):
        return 0.95 + (0.02 + seeds[seed]) * bool(cell.weight)

    verdict = judge(write_grid(tmp_path, accuracy))["1"]
    assert verdict.word == "shown"
    assert {f.word for f in verdict.findings} == {"not shown"}
    assert all(f.interval.low > 0 and f.p_shown < 0.05 for f in verdict.findings)


@pytest.mark.parametrize("seeds", [1, 2])
def test_fewer_than_three_seeds_are_not_judged(tmp_path, seeds):
    verdicts = judge(write_grid(tmp_path, noisy(better), seeds=seeds))
    words = {verdicts[n].word for n in ("1", "2", "3", "4", "7", "8")}
    assert {word.split(" (")[0] for word in words} == {"not judged"}
    assert verdicts["1"].word == "not judged (0 of 12 contrasts)"
    assert verdicts["1"].findings[0].text == f"not judged (n = {seeds} of 3)"
    assert verdicts["1"].tally == ""


def test_what_the_review_tried_two_seeds_of_claim_2(tmp_path):
    """Mean −0.0014 in [−0.160, +0.157]: once called refuted."""
    accuracies = {(0.05, 1): 0.9361, (0.05, 2): 0.9611, (0.0, 1): 0.95, (0.0, 2): 0.95}
    cells = [Cell("mnist", w, 2, False) for w in (0.0, 0.05)]
    grid = write_grid(tmp_path, lambda cell, seed: accuracies[cell.weight, seed], seeds=2, cells=cells)
    finding = judge(grid)["2"].findings[0]
    assert (finding.word, finding.interval.n) == ("not judged", 2)


def test_seed_0_was_looked_at_and_judges_nothing(tmp_path):
    cells = [Cell("mnist", w, 2, False) for w in (0.0, 0.05)]
    for cell in cells:
        write_run(tmp_path, cell, 0, same(better(cell)))
    finding = judge(tmp_path)["1"].findings[0]
    assert (finding.n, finding.interval.n, finding.interval.mean) == (0, 1, pytest.approx(0.02))
    assert finding.text == "not judged (n = 0 of 3)"
    write_grid(tmp_path, noisy(better), cells=cells)
    assert judge(tmp_path)["1"].findings[0].n == 3


def test_bf16_is_planned_with_ten_seeds(tmp_path):
    cells = [Cell("mnist", w, 2, False) for w in (0.0, 0.05)]
    for cell in cells:
        for seed in NOISE:
            write_run(tmp_path, cell, seed, same(noisy(better)(cell, seed)), trainer__precision="bf16-mixed")
    assert judge(tmp_path)["1"].findings[0].text == "not judged (n = 3 of 10)"


def test_missing_cells_leave_it_unjudged(tmp_path):
    cells = [cell for cell in PAPER_CELLS if cell != Cell("mnist", 1.0, 2, False)]
    verdicts = judge(write_grid(tmp_path, noisy(better), cells=cells))
    assert verdicts["1"].word == "not judged (11 of 12 contrasts)"
    assert verdicts["2"].word == "not judged (23 of 24 contrasts)"
    assert [f.word for f in verdicts["1"].findings].count("missing") == 1
    assert verdicts["1"].tally == "of 11: 11 shown"  # single cells have their words, corrected for all 12


def test_seeds_that_only_one_side_has_are_not_paired(tmp_path):
    grid = write_grid(tmp_path, noisy(better), cells=[c for c in PAPER_CELLS if c.embedding_dim == 2])
    write_run(grid, Cell("mnist", 0.05, 2, False), 9, same(0.1))  # no CE of seed 9
    assert judge(grid)["1"].findings[0].interval.n == 3


def test_other_data_are_judged_on_what_there_is(tmp_path):
    cells = [Cell("digits", w, 2, False) for w in (0.0, 0.05, 0.5)]
    verdicts = judge(write_grid(tmp_path, noisy(better), cells=cells))
    assert verdicts["1"].word == "shown"
    assert len(verdicts["1"].findings) == 2
    assert verdicts["3"].word == "not run"


def with_snapshots(grid, cells, seeds=4, change=lambda cell, seed, arrays: arrays):
    for cell in cells:
        for seed in range(seeds):
            snapshots = [change(cell, seed, embed(cell, seed, 800, 400))]
            write_run(grid, cell, seed, same(better(cell) + 1e-4 * seed), epochs=1, snapshots=snapshots)
    return grid


ROUND = [Cell("digits", w, 2, False) for w in (0.0, 0.05, 0.5)]


def test_claims_without_a_record_of_embeddings_are_not_run(tmp_path):
    verdicts = judge(write_grid(tmp_path, noisy(better)))
    labels = ("1a", "1b", "5", "6", "6a", "6b", "9", "10", "11", "12")
    assert {verdicts[label].word for label in labels} == {"not run"}


def test_claims_9_and_10_shown_by_round_clusters_at_their_centroids(tmp_path):
    def centre(cell, seed, arrays):
        return arrays | {"centroids": arrays["class_means"] + 0.01 * (1 + 0.1 * seed)}

    verdicts = judge(with_snapshots(tmp_path, ROUND, change=centre))
    assert verdicts["10"].word == "shown"
    finding = verdicts["9"].findings[0]
    assert abs(finding.interval.mean) < 0.01
    assert 1 < finding.beside["condition"] < 9  # round, but for the misplaced
    assert finding.bootstrap is not None


def test_the_records_judge_without_any_snapshot(tmp_path):
    grid = with_snapshots(tmp_path / "grid", ROUND)
    before = judge(grid)
    for path in grid.glob("*/embeddings/*.npz"):
        path.unlink()
    after = judge(grid)
    assert {before[label].word for label in ("1a", "6", "6a", "9", "10")}.isdisjoint({"not run"})
    for label in before:
        assert repr(after[label].findings) == repr(before[label].findings)


def stretched(cell, seed, arrays):
    """Two long parallel clusters, side by side: the Euclidean distance cuts through both."""
    rng = np.random.default_rng(seed)
    means, along, across = np.array([[0, 0], [1.5, 0]]), np.array([1, 1]), np.array([1, -1])
    for part in ("train", "test"):
        target = arrays[f"{part}_target"] % 2
        length, width = rng.normal(size=(2, len(target), 1))
        points = means[target] + 2 * length * along + 0.1 * width * across
        arrays |= {f"{part}_target": target, f"{part}_embeddings": points}
    return arrays | {"class_means": means, "centroids": means, "test_preds": arrays["test_target"]}


def test_the_contrary_of_claim_9_where_the_weighted_distance_is_better(tmp_path):
    assert judge(with_snapshots(tmp_path, ROUND, 4, stretched))["9"].word == "contrary shown"


def test_claims_1a_and_1b_hold_the_term_against_another_distance(tmp_path):
    """Cross-entropy's rays are told apart by their direction, the variance term's clusters by their place."""

    def change(cell, seed, arrays):
        rng = np.random.default_rng(seed)
        arrays = dict(arrays)
        means = np.array([[1, 0], [0, 1.0]])
        for part in ("train", "test"):
            target = arrays[f"{part}_target"] % 2
            length = rng.uniform(0.2, 3, (len(target), 1)) if cell.weight == 0 else 1.0
            noise = 0.02 if cell.weight == 0 else 0.6
            points = means[target] * length + noise * rng.normal(size=(len(target), 2))
            arrays |= {f"{part}_target": target, f"{part}_embeddings": points}
        return arrays | {"class_means": means, "centroids": means, "test_preds": arrays["test_target"]}

    verdicts = judge(with_snapshots(tmp_path, ROUND, 4, change))
    assert verdicts["1a"].word == "contrary shown"
    label = "digits, N = 2, not normalised, ICV λ 0.05 − CE, by cosine"
    assert verdicts["1a"].findings[0].label == label


def test_the_contrary_of_claim_10_by_centroids_that_lag(tmp_path):
    def lag(cell, seed, arrays):
        return arrays | {"centroids": arrays["class_means"] * 0.5}

    assert judge(with_snapshots(tmp_path, ROUND, change=lag))["10"].word == "contrary shown"


def test_claim_6_shown_where_cross_entropy_alone_has_a_tail(tmp_path):
    def tail(cell, seed, arrays):
        rng = np.random.default_rng([cell.embedding_dim, seed])
        distance = rng.lognormal(0, 1.5, 800) if cell.weight == 0 else rng.uniform(0.9, 1.1, 800)
        means = 50 * arrays["class_means"]
        points = means[arrays["train_target"]] + np.column_stack([distance, np.zeros(800)])
        return arrays | {"train_embeddings": points, "class_means": means}

    verdicts = judge(with_snapshots(tmp_path, ROUND, change=tail))
    assert (verdicts["6"].word, verdicts["6a"].word) == ("shown", "shown")
    low, high = verdicts["6"].findings[0].bootstrap
    assert low < verdicts["6"].findings[0].interval.mean < high


def write_rules(grid, epochs_of, accuracy):
    """Write cells of MNIST under three rules, three seeds each; `epochs_of` the rule until it is good."""
    cells = [Cell("mnist", 0.05, n, u) for n in (2, 4) for u in (False, True)]
    for rule, suffix in (("learned", "00000000"), ("batch_mean", "11111111"), ("one_by_one", "22222222")):
        for cell in cells:
            for seed in NOISE:
                reached = epochs_of(rule) + seed % 2 * (rule == "learned")
                curve = {"acc_nearest_class_mean": [0.5 + 0.49 * (e >= reached) for e in range(1, 21)]}
                layer = {} if rule == "learned" else {"alpha": 0.5}
                metrics = same(accuracy(rule) + NOISE[seed] * len(rule) / 20)
                options = {"centroids__name": rule, "centroids__layer": layer, "suffix": suffix}
                write_run(grid, cell, seed, metrics, curve=curve, **options)
    return grid


def test_claims_5_and_11_are_fed_by_runs_with_other_rules(tmp_path):
    grid = write_rules(tmp_path, lambda rule: 3 if rule == "learned" else 30, lambda rule: 0.98)
    verdicts = judge(grid)
    assert (
        verdicts["5"].word == verdicts["11"].word == "not judged (8 of 48 contrasts)"
    )  # 4 cells, two rivals
    first = verdicts["5"].findings[0]
    assert first.label == "MNIST, N = 2, not normalised, ICV λ 0.05, batch_mean alpha 0.5 − learned"
    # the plateau is that of the better rule, 0.99; never near it counts as 21, learned takes 4, 3, 4 epochs
    assert first.interval.mean == pytest.approx(21 - 11 / 3)
    assert first.beside["accuracy"] == pytest.approx(0.99 * 0.99)
    assert (first.beside["never near it, other rule"], first.beside["never near it, learned"]) == (3, 0)
    assert verdicts["11"].findings[0].word == "shown"


def test_a_tie_of_whole_epochs_shows_nothing(tmp_path):
    grid = write_rules(tmp_path, lambda rule: 3 + (rule != "learned"), lambda rule: 0.98)
    finding = judge(grid)["5"].findings[0]  # other rules 4, 4, 4; learned 4, 3, 4
    assert finding.interval.mean == pytest.approx(1 / 3)
    assert finding.p_shown > 0.05


def test_rivals_are_not_mixed_into_the_tables_of_the_paper(tmp_path):
    grid = write_rules(tmp_path, lambda rule: 3, lambda rule: 0.98 if rule == "learned" else 0.5)
    variants, _ = grouped(read_runs([grid]))
    assert len(variants) == 3
    assert variants[0].values(Cell("mnist", 0.05, 2, False), "acc").keys() == {1, 2, 3}


def test_claim_12_is_fed_by_an_experiment_beside_the_grid(tmp_path):
    write_grid(tmp_path, noisy(better), cells=ROUND)
    rows = [
        {
            "claim": 12,
            "data": "mnist",
            "cell": "3 new classes, 5 images",
            "seed": s,
            "ours": 0.9 + n,
            "other": 0.8,
        }
        for s, n in NOISE.items()
    ]
    (tmp_path / "unseen").mkdir()
    (tmp_path / "unseen" / "evidence.json").write_text(json.dumps([*rows, {"claim": 12}, "nonsense"]))
    verdict = judge(tmp_path)["12"]
    assert verdict.word == "shown"
    assert verdict.findings[0].label == "MNIST, 3 new classes, 5 images"
    assert verdict.findings[0].interval.mean == pytest.approx(0.1)


def test_splits_that_share_training_classes_count_for_less(tmp_path):
    write_grid(tmp_path, noisy(better), cells=ROUND)
    row = {"claim": 12, "data": "mnist", "cell": "3 new classes", "other": 0.8}
    rows = [row | {"seed": s, "ours": 0.8005 + n} for s, n in NOISE.items()]
    (tmp_path / "evidence.json").write_text(json.dumps(rows))
    narrow = judge(tmp_path)["12"].findings[0]
    (tmp_path / "evidence.json").write_text(json.dumps([r | {"overlap": 3 / 7} for r in rows]))
    wide = judge(tmp_path)["12"].findings[0]
    assert (narrow.word, wide.word) == ("not shown", "not shown")
    assert wide.interval.half == pytest.approx(narrow.interval.half * ((1 / 3 + 3 / 7) * 3) ** 0.5)


def test_evidence_that_cannot_be_read_feeds_nothing(tmp_path):
    write_grid(tmp_path, noisy(better), cells=ROUND)
    (tmp_path / "evidence.json").write_text("{")
    assert judge(tmp_path)["12"].word == "not run"

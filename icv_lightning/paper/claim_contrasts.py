"""What each claim of the paper contrasts, over a plan of cells; `claims.py` says how it is judged."""

from icv_lightning.paper.contrasts import Contrast, Plan, Term, difference
from icv_lightning.records import data_sets
from icv_lightning.records.cells import Cell, data_title, shape_title

OTHER_MARGIN = 0.005  # of accuracy, for data sets whose YAML file states none under about.margin
LAG_MARGIN = 0.05  # claim 10: C_k stands within a twentieth of the spacing


def margin(data: str) -> float:
    """Return the fixed margin of accuracies on `data`."""
    return data_sets.margin(data, OTHER_MARGIN)


def beats_ce(plan: Plan, by: tuple[str, str] = ("", "")) -> list[Contrast]:
    """Claims 1, 1a, 1b: not normalised, ICV by Euclid − CE, by Euclid or as `by` says, better."""
    return [difference(cell, cell._replace(weight=0.0), by=by) for cell in plan.icv(False)]


def keeps_score(plan: Plan) -> list[Contrast]:
    """Claim 2: ICV − CE, not worse."""
    return [difference(cell, cell._replace(weight=0.0), margin(cell.data)) for cell in plan.icv(False, True)]


def normalising(plan: Plan) -> list[Contrast]:
    """Claim 3: CE normalised − not, better; ICV not normalised − normalised, not worse."""
    helps = [difference(Cell(d, 0.0, n, True), Cell(d, 0.0, n, False)) for d, n, _ in plan.shapes(True)]
    needless = [
        difference(cell, cell._replace(normalize=True), margin(cell.data)) for cell in plan.icv(False)
    ]
    return helps + needless


def trend(plan: Plan) -> list[Contrast]:
    """Claim 4: minus the least-squares slope on λ > 0, better."""
    if len(plan.weights) < 2:
        return []
    centre = sum(plan.weights) / len(plan.weights)
    squares = sum((w - centre) ** 2 for w in plan.weights)
    return [
        Contrast(
            f"{data_title(d)}, {shape_title(n, u)}",
            tuple(Term((centre - w) / squares, Cell(d, w, n, u)) for w in plan.weights),
        )
        for d, n, u in plan.shapes(False, True)
    ]


def fewer_epochs(plan: Plan) -> list[Contrast]:
    """Claim 5: epochs of each other rule − learned, better."""
    return [
        Contrast(f"{cell.title}, {rival} − learned", (Term(1.0, cell, i), Term(-1.0, cell)))
        for i, rival in enumerate(plan.rivals, start=1)
        for cell in plan.icv(False, True)
    ]


def smaller_clusters(plan: Plan) -> list[Contrast]:
    """Claims 6, 6a, 6b: not normalised, the measure of CE − of ICV, better."""
    return [difference(cell._replace(weight=0.0), cell) for cell in plan.icv(False)]


def similar_scores(plan: Plan) -> list[Contrast]:
    """Claim 7: normalised − not, similar, CE and ICV."""
    cells = [Cell(d, w, n, True) for d, n, _ in plan.shapes(True) for w in (0.0, *plan.weights)]
    return [
        difference(cell, cell._replace(normalize=False), margin(cell.data), similar=True) for cell in cells
    ]


def beats_normalised_ce(plan: Plan) -> list[Contrast]:
    """Claim 8: ICV not normalised − CE normalised, better."""
    return [difference(cell, cell._replace(weight=0.0, normalize=True)) for cell in plan.icv(False)]


def euclidean_suffices(plan: Plan) -> list[Contrast]:
    """Claim 9: not normalised ICV, accuracy by Euclidean − by Mahalanobis distance, not worse."""
    return [Contrast(cell.title, (Term(1.0, cell),), margin(cell.data)) for cell in plan.icv(False)]


def converges(plan: Plan) -> list[Contrast]:
    """Claim 10: minus the distance of C_k to its class mean, above −0.05 spacings."""
    return [Contrast(cell.title, (Term(-1.0, cell),), LAG_MARGIN) for cell in plan.icv(False, True)]


def keeps_up(plan: Plan) -> list[Contrast]:
    """Claim 11: learned − each other rule, not worse."""
    return [
        Contrast(
            f"{cell.title}, learned − {rival}", (Term(1.0, cell), Term(-1.0, cell, i)), margin(cell.data)
        )
        for i, rival in enumerate(plan.rivals, start=1)
        for cell in plan.icv(False, True)
    ]

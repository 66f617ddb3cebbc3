from matplotlib import colors

from icv_lightning.escaping import plain_text
from icv_lightning.report.figures.style import (
    CLASS_COLOURS,
    CLASS_MARKERS,
    class_handles,
    class_look,
    loss_look,
    new_figure,
    save,
)


def test_ten_classes_have_ten_colours_and_ten_markers():
    looks = [class_look(k) for k in range(10)]
    assert len({colour for colour, _ in looks}) == len({marker for _, marker in looks}) == 10
    assert all(colors.is_color_like(colour) for colour in CLASS_COLOURS)


def test_a_hundred_classes_never_repeat_colour_and_marker():
    assert len({class_look(k) for k in range(100)}) == len(CLASS_COLOURS) * len(CLASS_MARKERS)


def test_losses_differ_in_colour_and_dash_and_cross_entropy_is_black():
    looks = loss_look([0.05, 0.5, 1.0])
    assert looks[0.0]["color"] == "#000000"
    assert (
        len({look["color"] for look in looks.values()})
        == len({str(look["linestyle"]) for look in looks.values()})
        == 4
    )


def test_class_names_stand_in_the_legend():
    labels = [handle.get_label() for handle in class_handles(["0", "Ankle boot"])]
    assert labels == ["0", "1 Ankle boot", "centroid", "class mean"]


def test_names_are_never_read_as_mathematics(tmp_path):
    figure, axes = new_figure(1, 1)
    axes[0][0].set_title(plain_text(r"$\frac{broken$"))
    png = save(figure, tmp_path, "figure")
    assert png.startswith(b"\x89PNG")
    assert (tmp_path / "figure.pdf").read_bytes().startswith(b"%PDF")
    assert (tmp_path / "figure.png").read_bytes() == png


def test_a_legend_prints_no_control_character(tmp_path, recwarn):
    figure, _ = new_figure(1, 1)
    figure.legend(handles=class_handles(["\x1b[31mred"]))
    save(figure, tmp_path, "figure")
    assert not [warning for warning in recwarn if "Glyph" in str(warning.message)]

"""How does a chart look? SVG drawn here, readable in black and white; nothing in it asks for anything elsewhere."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

# Dark, light and middle: three that differ without colour too.
INK, LINE, SHADES = "#1c2733", "#d5dde6", ("#14508c", "#b7cbe0", "#6d93b8")
FONT = "PingFang SC, Microsoft YaHei, Noto Sans CJK SC, Source Han Sans SC, sans-serif"
WIDE, HIGH = 1000, 340
LONGEST_LABELS = 65  # signs that stand beside one another; more than that are written aslant

Series = Mapping[str, Sequence[float | None]]  # in the order of the legend
Links = Mapping[str, Sequence[str]]  # the list behind each number of a series; '' where there is none


def bars(
    labels: Sequence[str],
    series: Series,
    links: Links,
    *,
    unit: str = "",
    values: bool = True,
    most: float | None = None,
) -> bytes:
    """Bars side by side; `most` is the end of the scale where the numbers have one."""
    # Below the names of several kinds of bar; where there is one kind the title names it.
    below = {"show_legend": True, "margin_bottom": 34} if len(series) > 1 else {"show_legend": False}
    scale = {"range": (0, most)} if most else {}
    chart = _chart("Bar", print_values=values, value_formatter=_written(unit), **below, **scale)
    aslant = len(labels) * max(map(len, labels), default=0) > LONGEST_LABELS
    chart.x_labels = list(labels)
    chart.x_label_rotation = 35 if aslant else 0
    if len(labels) > 40:
        chart.x_labels_major_every = 7
        chart.show_minor_x_labels = False
    for name, numbers in series.items():
        chart.add(name, _leading_on(name, labels, numbers, links.get(name, ()), _written(unit)))
    return bytes(chart.render())


def dots(columns: Sequence[str], rows: Series, links: Links) -> bytes:
    """A dot for each cell, as large as its number."""
    chart = _chart("Dot", show_legend=False, height=420)
    chart.x_labels = list(columns)
    for name, numbers in rows.items():
        chart.add(name, _leading_on(name, columns, numbers, links.get(name, ()), _written("")))
    return bytes(chart.render())


def _leading_on(
    name: str,
    labels: Sequence[str],
    numbers: Sequence[float | None],
    links: Sequence[str],
    written: Callable[[float | None], str],
) -> list[Any]:
    """Each number, with a link for the mouse to what is behind it; for keys and ears the table has the same links."""
    apart = {"target": "_top", "tabindex": "-1", "aria-hidden": "true"}
    drawn: list[Any] = list(numbers)
    for place, (label, number, link) in enumerate(zip(labels, numbers, links, strict=False)):
        if number and link:
            said = f"{label} {name}：{written(number)}"
            drawn[place] = {"value": number, "tooltip": said, "xlink": {"href": link} | apart}
    return drawn


def _chart(kind: str, **more: Any) -> Any:
    # Only now: most people who use the pages never see a chart.
    import pygal
    from pygal.style import Style

    style = Style(
        background="#ffffff",
        plot_background="#ffffff",
        foreground=INK,
        foreground_strong=INK,
        foreground_subtle=LINE,
        opacity="1",
        opacity_hover="1",
        transition="0s",
        colors=SHADES if kind != "Dot" else (SHADES[0],) * 7,
        font_family=FONT,
        label_font_size=13,
        major_label_font_size=13,
        value_font_size=12,
        legend_font_size=14,
        value_colors=(INK,) * 3,
    )
    given = {
        "style": style, "js": [], "no_prefix": True, "width": WIDE, "height": HIGH, "legend_at_bottom": True,
        "legend_at_bottom_columns": 3, "truncate_label": -1, "truncate_legend": -1, "show_y_guides": True,
        "print_values_position": "top", "margin": 12, "spacing": 14, "no_data_text": "没有数据", "zero": 0,
        "order_min": 0,  # no tenth of a case on the axis
    }  # fmt: skip
    chart = getattr(pygal, kind)(**given | more)
    chart.add_xml_filter(_without_script)
    return chart


def _without_script(picture: Any) -> Any:
    """Settings for a script of pygal's own site, which we do not load."""
    for parent in list(picture.iter()):
        for child in [one for one in parent if str(one.tag).endswith("script")]:
            parent.remove(child)
    return picture


def _written(unit: str) -> Callable[[float | None], str]:
    """Whole numbers as such, others with one place."""

    def written(value: float | None) -> str:
        return "" if value is None else f"{value:.1f}".removesuffix(".0") + unit

    return written

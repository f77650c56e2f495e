"""A chart of usage as shapes of an inline SVG: no script, no style, and text that never shrinks (C5, T11).

Horizontal positions are percentages of the picture's width, so that one drawing fits a telephone and a desk; vertical
positions are pixels. Consumption is above the zero line, surplus generation below it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from typing import Any

from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.safestring import mark_safe
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from meters.models import FlowDirection
from reports.coverage import UsageCount

Amounts = dict[FlowDirection, UsageCount]

TOP, PLOT, TICKS = 12, 220, 24  # pixels: margin at the top, the plot itself, the labels under it
PARTIAL_HEIGHT = 8  # pixels of the strip that marks missing readings
MOST_STEPS = 4  # of the scale
MOST_WITH_MARGIN = 100  # columns; the bars of more would be thinner than the space between them
MOST_CENTERED = 31  # columns; the labels of more are where their column begins
SCALE_DIGIT = 7  # pixels that a digit of the scale takes at most
OUTLIER = 10  # times the second highest column: that is a wrong reading, which would flatten all others
BAR_MARGIN = 0.15  # of a column, on either side of its bar; quarter hours have none

# In the order of the legend; the numbers are the channels'.
SHAPE_NAMES: dict[str, Promise] = {
    "bar-0": _("Consumption"),
    "estimated-0": _("Consumption, estimated"),
    "bar-1": _("Surplus generation"),
    "estimated-1": _("Surplus generation, estimated"),
    "missing": _("No readings, or some missing"),
    "beyond": _("Higher than the scale; see the table"),
}


@dataclass(frozen=True)
class ChartColumn:
    """`tick` is the label under the chart, empty if there is no room; `is_minor`: only on a wide screen."""

    name: str
    tick: str
    is_minor: bool
    amounts: Amounts

    @property
    def readings(self) -> str:
        """What is known about the readings, in words; empty if none is expected."""
        total = sum(self.amounts.values(), UsageCount())
        if not total.expected:
            return ""
        if total.is_gap:
            return gettext("No readings")
        words = []
        if total.missing:
            words.append(ngettext("%(n)s missing", "%(n)s missing", total.missing) % {"n": total.missing})
        if total.estimated:
            words.append(ngettext("%(n)s estimated", "%(n)s estimated", total.estimated) % {"n": total.estimated})
        return ", ".join(words) or gettext("All actual")


def draw_chart(columns: Sequence[ChartColumn], *, are_quarter_hours: bool = False, plot: int = PLOT) -> dict[str, Any]:
    """Draw `columns`, which all have the same directions, `plot` pixels high. Return `chart` of reports/chart.html:

    * `height`, `zero` and `ticks_y`: of the picture, the zero line and the labels under the columns, in pixels,
    * `drawing`: the bars and gaps, `legend`: kind and name of those that occur, `scale`: y and text of each line,
    * `scale_width`: of the scale's texts in pixels, so that the longest one has room,
    * `ticks`: x, anchor, text and `is_minor` of the labels.
    """
    highest = {channel: _highest_to_show(columns, channel, are_quarter_hours) for channel in FlowDirection}
    has_surplus = any(FlowDirection.SURPLUS_GENERATION in column.amounts for column in columns)
    step = scale_step(sum(highest.values()))
    steps_up = max(-(-highest[FlowDirection.CONSUMPTION] // step), 1)
    steps_down = max(-(-highest[FlowDirection.SURPLUS_GENERATION] // step), int(has_surplus))
    pixels_per_wh = plot / ((steps_up + steps_down) * step)
    zero = TOP + steps_up * step * pixels_per_wh
    # A loop in the template takes ten times as long for a day's 200 shapes.
    margin = 0 if are_quarter_hours or len(columns) > MOST_WITH_MARGIN else BAR_MARGIN
    drawing = "".join(_shapes(columns, FlowDirection.CONSUMPTION, zero, -pixels_per_wh, TOP, margin))
    if has_surplus:
        drawing += "".join(_shapes(columns, FlowDirection.SURPLUS_GENERATION, zero, pixels_per_wh, TOP + plot, margin))
    scale = []
    for number in range(-steps_down, steps_up + 1):
        kwh = Decimal(abs(number) * step) / 1000
        text = number_format(kwh.normalize() if kwh % 1 else kwh.quantize(Decimal(1)), force_grouping=True)
        scale.append((f"{zero - number * step * pixels_per_wh:.1f}", text))
    # The labels of quarter hours, and of many days, are where these begin, others in the middle of their column.
    width, are_narrow = 100 / len(columns), len(columns) > MOST_CENTERED
    ticks = []
    for place, column in enumerate(columns):
        if column.tick:
            x = place * width if are_narrow else (place + 0.5) * width
            anchor = "start" if are_narrow and not place else "middle"
            ticks.append((f"{x:.3f}%", anchor, column.tick, column.is_minor))
    return {
        "height": TOP + plot + TICKS,
        "zero": f"{zero:.1f}",
        "drawing": mark_safe(drawing),  # numbers and our own kinds only
        "scale": scale,
        "scale_width": max(44, max(len(text) for _y, text in scale) * SCALE_DIGIT),
        "ticks": ticks,
        "ticks_y": TOP + plot + 17,
        "legend": [(kind, name) for kind, name in SHAPE_NAMES.items() if f'class="{kind}"' in drawing],
    }


def scale_step(wh: int) -> int:
    """Return the smallest of 1, 2, 5, 10, 20, 50 ... watt-hours for which MOST_STEPS reach `wh`."""
    size = 1
    while True:
        for step in (size, 2 * size, 5 * size):
            if wh <= step * MOST_STEPS:
                return step
        size *= 10


def _highest_to_show(columns: Sequence[ChartColumn], channel: FlowDirection, are_quarter_hours: bool) -> int:
    """Return the watt-hours that the scale has to reach: of the highest column, or of the second if that is an outlier.

    Quarter hours have no outliers: a car that charges takes many times what the house takes at night.
    """
    *_, second, first = [0, 0, *sorted(column.amounts[channel].wh for column in columns if channel in column.amounts)]
    return second if not are_quarter_hours and second and first > OUTLIER * second else first


def _shapes(
    columns: Sequence[ChartColumn], channel: FlowDirection, zero: float, pixels_per_wh: float, edge: int, margin: float
) -> Iterator[str]:
    """Yield the gaps of one direction, then the bars over them. Bars to the upper `edge` have negative pixels."""
    width = 100 / len(columns)
    amounts = [column.amounts.get(channel, UsageCount()) for column in columns]
    for is_gap, run in groupby(enumerate(amounts), lambda pair: pair[1].is_gap):
        places = [place for place, _amount in run]
        if is_gap:
            yield _rectangle("missing", places[0] * width, len(places) * width, zero, edge)
    strip = edge + (PARTIAL_HEIGHT if pixels_per_wh < 0 else -PARTIAL_HEIGHT)
    for place, amount in enumerate(amounts):
        left, bar_width = (place + margin) * width, (1 - 2 * margin) * width
        if amount.missing and not amount.is_gap:
            yield _rectangle("missing", left, bar_width, strip, edge)
        if amount.wh * abs(pixels_per_wh) > abs(edge - zero) + 1:
            yield _rectangle("beyond", left, bar_width, zero, edge)
            continue
        actual = zero + (amount.wh - amount.estimated_wh) * pixels_per_wh
        if amount.wh > amount.estimated_wh:
            yield _rectangle(f"bar-{channel.value}", left, bar_width, zero, actual)
        if amount.estimated_wh:
            estimated = actual + amount.estimated_wh * pixels_per_wh
            yield _rectangle(f"estimated-{channel.value}", left, bar_width, actual, estimated)


def _rectangle(kind: str, left: float, width: float, top: float, bottom: float) -> str:
    """Return the element between two heights, in either order; `kind` is its class, and its pattern if it has one."""
    fill = "" if kind.startswith("bar") else f' fill="url(#{kind})"'
    y, height = min(top, bottom), abs(top - bottom)
    return f'<rect class="{kind}"{fill} x="{left:.3f}%" y="{y:.1f}" width="{width:.3f}%" height="{height:.1f}"/>'

"""A chart of usage as shapes of an inline SVG: no script, no style, and text that never shrinks (C5).

Horizontal positions are percentages of the picture's width, so that one drawing fits a telephone and a desk; vertical
positions are pixels. Consumption is above the zero line, surplus generation below it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby

from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy as _

from meters.models import FlowDirection
from usage_pages.usage_columns import EnergyAmount, UsageColumn

TOP, PLOT, TICKS = 12, 220, 24  # pixels: margin at the top, the plot itself, the labels under it
PARTIAL_HEIGHT = 8  # pixels of the strip that marks missing readings
MOST_STEPS = 4  # of the scale
BAR_MARGIN = 0.15  # of a column, on either side of its bar; quarter hours have none

# In the order of the legend; the numbers are the channels'.
SHAPE_NAMES: dict[str, Promise] = {
    "bar-0": _("Consumption"),
    "estimated-0": _("Consumption, estimated"),
    "bar-1": _("Surplus generation"),
    "estimated-1": _("Surplus generation, estimated"),
    "missing": _("No readings, or some missing"),
}


@dataclass(frozen=True)
class ChartShape:
    """A rectangle between two heights; `kind` is its class, and its pattern if it has one."""

    kind: str
    left: float
    width: float
    top: float
    bottom: float

    @property
    def element(self) -> str:
        fill = "" if self.kind.startswith("bar") else f' fill="url(#{self.kind})"'
        y, height = min(self.top, self.bottom), abs(self.top - self.bottom)
        place = f'x="{self.left:.3f}%" y="{y:.1f}" width="{self.width:.3f}%" height="{height:.1f}"'
        return f'<rect class="{self.kind}"{fill} {place}/>'


@dataclass(frozen=True)
class ChartLabel:
    """`text` at `x` (percent) and `y` (pixels); minor labels are hidden on a narrow screen."""

    x: str
    y: str
    text: str
    anchor: str = "middle"
    is_minor: bool = False


@dataclass(frozen=True)
class UsageChart:
    shapes: list[ChartShape]
    scale: list[ChartLabel]
    ticks: list[ChartLabel]
    legend: list[tuple[str, Promise]]  # kind and name
    zero: str
    height: int = TOP + PLOT + TICKS

    @property
    def drawing(self) -> SafeString:
        """The elements of the shapes. A loop in the template takes ten times as long for a day's 200 of them."""
        return mark_safe("".join(shape.element for shape in self.shapes))  # numbers and our own kinds only


def draw_chart(columns: Sequence[UsageColumn]) -> UsageChart:
    """Draw `columns`, which all have the same directions."""
    highest = {
        channel: max((column.amounts[channel].wh for column in columns if channel in column.amounts), default=0)
        for channel in FlowDirection
    }
    has_surplus = any(FlowDirection.SURPLUS_GENERATION in column.amounts for column in columns)
    step = scale_step(sum(highest.values()))
    steps_up = max(-(-highest[FlowDirection.CONSUMPTION] // step), 1)
    steps_down = max(-(-highest[FlowDirection.SURPLUS_GENERATION] // step), int(has_surplus))
    pixels_per_wh = PLOT / ((steps_up + steps_down) * step)
    zero = TOP + steps_up * step * pixels_per_wh
    shapes = list(_shapes(columns, FlowDirection.CONSUMPTION, zero, -pixels_per_wh, TOP))
    if has_surplus:
        shapes += _shapes(columns, FlowDirection.SURPLUS_GENERATION, zero, pixels_per_wh, TOP + PLOT)
    scale = []
    for number in range(-steps_down, steps_up + 1):
        kwh = Decimal(abs(number) * step) / 1000
        text = number_format(kwh.normalize() if kwh % 1 else kwh.quantize(Decimal(1)), force_grouping=True)
        scale.append(ChartLabel("100%", f"{zero - number * step * pixels_per_wh:.1f}", text, "end"))
    drawn_kinds = {shape.kind for shape in shapes}
    legend = [(kind, name) for kind, name in SHAPE_NAMES.items() if kind in drawn_kinds]
    return UsageChart(shapes, scale, _ticks(columns), legend, f"{zero:.1f}")


def scale_step(wh: int) -> int:
    """Return the smallest of 1, 2, 5, 10, 20, 50 ... watt-hours for which MOST_STEPS reach `wh`."""
    size = 1
    while True:
        for step in (size, 2 * size, 5 * size):
            if wh <= step * MOST_STEPS:
                return step
        size *= 10


def _shapes(
    columns: Sequence[UsageColumn], channel: FlowDirection, zero: float, pixels_per_wh: float, edge: int
) -> Iterator[ChartShape]:
    """Yield the gaps of one direction, then the bars over them. Bars to the upper `edge` have negative pixels."""
    width = 100 / len(columns)
    margin = 0 if len(columns) > 40 else BAR_MARGIN
    amounts = [column.amounts.get(channel, EnergyAmount()) for column in columns]
    for is_gap, run in groupby(enumerate(amounts), lambda pair: pair[1].is_gap):
        places = [place for place, _amount in run]
        if is_gap:
            yield ChartShape("missing", places[0] * width, len(places) * width, zero, edge)
    strip = edge + (PARTIAL_HEIGHT if pixels_per_wh < 0 else -PARTIAL_HEIGHT)
    for place, amount in enumerate(amounts):
        left, bar_width = (place + margin) * width, (1 - 2 * margin) * width
        if amount.missing and not amount.is_gap:
            yield ChartShape("missing", left, bar_width, strip, edge)
        actual = zero + (amount.wh - amount.estimated_wh) * pixels_per_wh
        if amount.wh > amount.estimated_wh:
            yield ChartShape(f"bar-{channel.value}", left, bar_width, zero, actual)
        if amount.estimated_wh:
            estimated = actual + amount.estimated_wh * pixels_per_wh
            yield ChartShape(f"estimated-{channel.value}", left, bar_width, actual, estimated)


def _ticks(columns: Sequence[UsageColumn]) -> list[ChartLabel]:
    """Return the labels under the columns: of quarter hours where they begin, of others in their middle."""
    width, are_quarter_hours = 100 / len(columns), len(columns) > 40
    ticks = []
    for place, column in enumerate(columns):
        if column.tick:
            x = place * width if are_quarter_hours else (place + 0.5) * width
            anchor = "start" if are_quarter_hours and not place else "middle"
            ticks.append(ChartLabel(f"{x:.3f}%", str(TOP + PLOT + 17), column.tick, anchor, column.is_minor))
    return ticks

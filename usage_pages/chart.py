"""A chart of usage as shapes for an SVG that stands in the page: no script, no style, and text that never shrinks (C5).

Across, everything is in per cent of the picture's width, so that one drawing fits a telephone and a desk; down, in
pixels. Consumption stands above the zero line, surplus generation below it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from typing import TYPE_CHECKING

from django.utils.formats import number_format
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy as _

from meters.models import FlowDirection
from usage_pages.figures import Amount, Figure

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

TOP, PLOT, TICKS = 12, 220, 24  # pixels: room above, the plot itself, the words under it
_PARTIAL = 8  # pixels of the strip that says that some readings are missing
_LINES = 5  # at most so many steps on the scale
_SPACE = 0.15  # of a column, on either side of its bar; quarter hours stand side by side

# In the order of the legend; the numbers are the channels'.
KINDS: dict[str, _StrPromise] = {
    "bar-0": _("Consumption"),
    "estimated-0": _("Consumption, estimated"),
    "bar-1": _("Surplus generation"),
    "estimated-1": _("Surplus generation, estimated"),
    "missing": _("No readings, or some missing"),
}


@dataclass(frozen=True)
class Shape:
    """A rectangle; `kind` is its class, and its pattern if it has one."""

    kind: str
    x: str
    y: str
    width: str
    height: str

    @property
    def element(self) -> str:
        fill = f' fill="url(#{self.kind})"' if is_pattern(self.kind) else ""
        place = f'x="{self.x}" y="{self.y}" width="{self.width}" height="{self.height}"'
        return f'<rect class="{self.kind}"{fill} {place}/>'


@dataclass(frozen=True)
class Key:
    """A line of the legend."""

    kind: str
    name: _StrPromise

    @property
    def is_pattern(self) -> bool:
        return is_pattern(self.kind)


@dataclass(frozen=True)
class Word:
    """`x` in per cent or `y` in pixels, `text`; `is_minor` ones vanish on a narrow screen."""

    x: str
    y: str
    text: str
    anchor: str = "middle"
    is_minor: bool = False


@dataclass(frozen=True)
class Chart:
    shapes: list[Shape]
    scale: list[Word]
    ticks: list[Word]
    legend: list[Key]
    zero: str
    height: int = TOP + PLOT + TICKS

    @property
    def drawing(self) -> SafeString:
        """The shapes' elements. A loop in the template would take ten times as long for a day's 200 of them."""
        # Numbers and our own kinds: nothing of anybody else's.
        return mark_safe("".join(shape.element for shape in self.shapes))


def chart(figures: Sequence[Figure]) -> Chart:
    """The chart of `figures`, which have the same directions."""
    has_surplus = any(FlowDirection.SURPLUS_GENERATION in figure.amounts for figure in figures)
    highest = {one: max((f.amounts[one].wh for f in figures if one in f.amounts), default=0) for one in FlowDirection}
    step = _step(sum(highest.values()))
    up, down = (-(-highest[one] // step) for one in FlowDirection)
    up, down = max(up, 1), max(down, int(has_surplus))
    pixels = PLOT / ((up + down) * step)  # of a watt-hour
    zero = TOP + up * step * pixels
    zones = {
        FlowDirection.CONSUMPTION: (zero, -pixels, TOP),
        FlowDirection.SURPLUS_GENERATION: (zero, pixels, TOP + PLOT),
    }
    shapes = [
        shape
        for channel in (FlowDirection if has_surplus else [FlowDirection.CONSUMPTION])
        for shape in _zone(figures, channel, *zones[channel])
    ]
    scale = [_scale_word(number * step, zero - number * step * pixels) for number in range(-down, up + 1)]
    drawn = {shape.kind for shape in shapes}
    legend = [Key(kind, name) for kind, name in KINDS.items() if kind in drawn]
    return Chart(shapes, scale, list(_ticks(figures)), legend, _px(zero))


def is_pattern(kind: str) -> bool:
    return not kind.startswith("bar")


def _zone(figures: Sequence[Figure], channel: FlowDirection, zero: float, pixels: float, edge: int) -> Iterator[Shape]:
    """Gaps first, bars over them. `pixels` of a watt-hour are negative where bars stand upwards, to the `edge`."""
    width = 100 / len(figures)
    space = 0 if len(figures) > 40 else _SPACE
    amounts = [figure.amounts.get(channel, Amount()) for figure in figures]
    for is_gap, run in groupby(enumerate(amounts), lambda one: one[1].is_gap):
        places = [place for place, _amount in run]
        if is_gap:
            yield _rectangle("missing", places[0] * width, len(places) * width, zero, edge)
    strip = edge + (_PARTIAL if pixels < 0 else -_PARTIAL)
    for place, amount in enumerate(amounts):
        left, wide = (place + space) * width, (1 - 2 * space) * width
        if amount.missing and not amount.is_gap:
            yield _rectangle("missing", left, wide, strip, edge)
        actual = zero + (amount.wh - amount.estimated_wh) * pixels
        if amount.wh > amount.estimated_wh:
            yield _rectangle(f"bar-{channel.value}", left, wide, zero, actual)
        if amount.estimated_wh:
            yield _rectangle(f"estimated-{channel.value}", left, wide, actual, actual + amount.estimated_wh * pixels)


def _rectangle(kind: str, left: float, width: float, one: float, other: float) -> Shape:
    return Shape(kind, _percent(left), _px(min(one, other)), _percent(width), _px(abs(one - other)))


def _ticks(figures: Sequence[Figure]) -> Iterable[Word]:
    """Quarter hours are named where they begin, columns in their middle."""
    width, are_quarter_hours = 100 / len(figures), len(figures) > 40
    for place, figure in enumerate(figures):
        if figure.tick:
            x = place * width if are_quarter_hours else (place + 0.5) * width
            anchor = "start" if are_quarter_hours and not place else "middle"
            yield Word(_percent(x), str(TOP + PLOT + 17), figure.tick, anchor, figure.is_minor)


def _scale_word(wh: int, y: float) -> Word:
    kwh = Decimal(abs(wh)) / 1000
    return Word("100%", _px(y), _number(kwh), "end")


def _number(kwh: Decimal) -> str:
    return number_format(kwh.normalize() if kwh % 1 else kwh.quantize(Decimal(1)), force_grouping=True)


def _step(wh: int) -> int:
    """The smallest of 1, 2, 5, 10, 20, 50 ... watt-hours with which the scale needs few lines."""
    size = 1
    while True:
        for step in (size, 2 * size, 5 * size):
            if wh <= step * (_LINES - 1):
                return step
        size *= 10


def _percent(value: float) -> str:
    return f"{value:.3f}%"


def _px(value: float) -> str:
    return f"{value:.1f}"

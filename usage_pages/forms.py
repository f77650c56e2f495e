"""What a customer asks the page of usage for: other days, or a download (C5)."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from agreements.models import ReportType
from usage_pages.spans import Span, SpanKind
from usage_pages.usage import OwnMeter

_FORMATS = ["%Y-%m-%d", "%m/%d/%Y"]


class DayField(forms.DateField):
    """A day as the browser's calendar or a person types it: 2026-11-02 or 11/02/2026."""

    def __init__(self, *, label: Any) -> None:
        widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
        invalid = gettext_lazy("This is not a day. Write it as 2026-11-02 or 11/02/2026.")
        super().__init__(
            label=label,
            input_formats=_FORMATS,
            widget=widget,
            error_messages={"invalid": invalid, "required": gettext_lazy("Choose a day.")},
        )


class _AboutMeter(forms.Form):
    use_required_attribute = False

    def __init__(self, data: Any, *, meter: OwnMeter, initial: dict[str, Any] | None = None) -> None:
        super().__init__(data, initial=initial)
        self.meter = meter
        for field in self.fields.values():
            if isinstance(field, DayField) and meter.first and meter.last:
                field.widget.attrs |= {"min": meter.first.isoformat(), "max": meter.last.isoformat()}


class ShownForm(_AboutMeter):
    """Which span is shown: a kind and any day of it. A span whose day is not on record is refused."""

    view = forms.ChoiceField(
        label=gettext_lazy("Show"),
        choices=SpanKind.choices,
        error_messages={"invalid_choice": gettext_lazy("Choose day, week, month or year.")},
    )
    day = DayField(label=gettext_lazy("Day"))

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("day") and cleaned.get("view") and self._is_outside(cleaned["day"]):
            self.add_error("day", _outside(self.meter))
        return cleaned

    def span(self) -> Span:
        return Span.around(SpanKind(self.cleaned_data["view"]), self.cleaned_data["day"])

    def _is_outside(self, day: date) -> bool:
        assert self.meter.first and self.meter.last
        if not self.meter.first.year - 1 <= day.year <= self.meter.today.year + 1:
            return True  # also where the calendar ends
        span = self.span()
        return span.last < self.meter.first or span.first > self.meter.today


class DownloadForm(_AboutMeter):
    """The CSV that a third party would get of these days; `type` is a value of ReportType."""

    type = forms.ChoiceField(
        label=gettext_lazy("Report type"),
        choices=ReportType.choices,
        error_messages={"invalid_choice": gettext_lazy("Choose a report type from the list.")},
    )
    first = DayField(label=gettext_lazy("First day"))
    last = DayField(label=gettext_lazy("Last day"))

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        first, last = cleaned.get("first"), cleaned.get("last")
        if first and last and last < first:
            self.add_error("last", _("The last day is before the first day. Swap them."))
        elif first and last and self._is_outside(first, last):
            self.add_error("first", _outside(self.meter))
        return cleaned

    def _is_outside(self, first: date, last: date) -> bool:
        assert self.meter.first and self.meter.last
        return last < self.meter.first or first > self.meter.last


def _outside(meter: OwnMeter) -> str:
    assert meter.first and meter.last
    days = {"first": date_format(meter.first), "last": date_format(meter.last)}
    return _("There is usage from %(first)s to %(last)s. Choose days between these.") % days

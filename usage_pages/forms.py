"""The forms of My Smart Meters and Usage: a meter's name, other days, a download (C5)."""

from typing import Any

from django import forms
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from agreements.models import ReportType
from customers.models import METER_NAME_LENGTH
from lib.form_fields import LineField
from reports.formats import FileFormat
from usage_pages.calendar_usage import CalendarSpan, SpanKind
from usage_pages.customer_meters import CustomerMeter


class DayField(forms.DateField):
    """A day as the browser's calendar or a person types it: 2026-11-02 or 11/02/2026."""

    input_formats = ["%Y-%m-%d", "%m/%d/%Y"]
    widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    default_error_messages = {
        "invalid": gettext_lazy("Enter a date such as 2026-11-02 or 11/02/2026."),
        "required": gettext_lazy("Enter a date."),
    }


class MeterDaysForm(forms.Form):
    """Base class: a form whose days are limited to those with readings."""

    use_required_attribute = False

    def __init__(self, data: Any, *, meter: CustomerMeter, initial: dict[str, Any] | None = None) -> None:
        super().__init__(data, initial=initial)
        self.meter = meter
        for field in self.fields.values():
            if isinstance(field, DayField) and meter.first and meter.last:
                field.widget.attrs |= {"min": meter.first.isoformat(), "max": meter.last.isoformat()}

    def refuse_days(self, field: str) -> None:
        assert self.meter.first and self.meter.last
        days = {"first": date_format(self.meter.first), "last": date_format(self.meter.last)}
        self.add_error(field, _("Choose days from %(first)s to %(last)s. There are no readings for other days.") % days)


class MeterNameForm(forms.Form):
    """What the customer calls a meter."""

    name = LineField(
        label=gettext_lazy("Name"),
        help_text=gettext_lazy("For example, Home or Barn. Only you can see it. To remove the name, leave this empty."),
        max_length=METER_NAME_LENGTH,
        required=False,
        autocomplete="off",
    )


class SpanForm(MeterDaysForm):
    """The span to show: a kind and any day of it. A span outside the recorded days is refused."""

    view = forms.ChoiceField(
        label=gettext_lazy("Show"),
        choices=SpanKind.choices,
        error_messages={"invalid_choice": gettext_lazy("Choose day, week, month, or year.")},
    )
    day = DayField(label=gettext_lazy("Day"))

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if (day := cleaned.get("day")) and cleaned.get("view"):
            first, today = self.meter.first, self.meter.today
            assert first
            # The years first: around the first and the last possible year there is no span.
            is_near = first.year - 1 <= day.year <= today.year + 1
            if not is_near or self.span().last < first or self.span().first > today:
                self.refuse_days("day")
        return cleaned

    def span(self) -> CalendarSpan:
        return CalendarSpan.around(SpanKind(self.cleaned_data["view"]), self.cleaned_data["day"])


class DownloadForm(MeterDaysForm):
    """The type, format and days of a file; values of ReportType and FileFormat."""

    type = forms.ChoiceField(
        label=gettext_lazy("Report type"),
        choices=ReportType.choices,
        error_messages={"invalid_choice": gettext_lazy("Choose a report type from the list.")},
    )
    format = forms.ChoiceField(
        label=gettext_lazy("File format"),
        choices=FileFormat.choices,
        required=False,
        error_messages={"invalid_choice": gettext_lazy("Choose a file format from the list.")},
    )
    first = DayField(label=gettext_lazy("First day"))
    last = DayField(label=gettext_lazy("Last day"))

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        cleaned["format"] = cleaned.get("format") or FileFormat.CSV
        if cleaned["format"] == FileFormat.UTC_CSV and cleaned.get("type") not in (ReportType.INTERVAL, None):
            self.add_error("format", _("Choose 15-minute readings to get UTC times, or choose another file format."))
        first, last = cleaned.get("first"), cleaned.get("last")
        if first and last and self.meter.first and self.meter.last:
            if last < first:
                self.add_error("last", _("The last day is before the first day. Swap them."))
            elif last < self.meter.first or first > self.meter.last:
                self.refuse_days("first")
        return cleaned

"""Page 1 of the form for new agreements: the request with its meters (T4 to T6)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.http import QueryDict
from django.utils.translation import gettext as now_gettext
from django.utils.translation import gettext_lazy as _

from agreements.models import ReportLength, ReportType
from agreements.request import AgreementRequest, MeterRow, Person
from customers.models import CustomerKind
from lib.action_forms import ErrorLink, ShowsRefusals, error_links
from lib.form_fields import EmailLineField, NameField, PhoneField, StateField, ZipField
from lib.phone_numbers import format_phone, phone_text
from lib.refusals import Problem, Refused
from meters.form_fields import EsiidField, MeterNumberField

ROWS_AT_FIRST = 3
# A browser must neither suggest nor store the customer's data, which is not the user's own.
_PRIVATE = {"autocomplete": "off"}


class MeterRowForm(ShowsRefusals):
    """One meter by its ESIID and number. An empty row is left out; a half-filled one is an error."""

    problem: Problem | None = None  # why the rules refused this row
    number: int | None = None  # of the row, from 1

    required_messages = {
        "esiid": _("Enter the ESIID, or clear this row."),
        "meter_number": _("Enter the meter number, or clear this row."),
    }

    esiid = EsiidField(
        label="ESIID", widget=forms.TextInput({**_PRIVATE, "inputmode": "numeric", "spellcheck": "false"})
    )
    meter_number = MeterNumberField(
        label=_("Meter number"),
        widget=forms.TextInput({**_PRIVATE, "autocapitalize": "characters", "spellcheck": "false"}),
    )

    def clean(self) -> None:
        super().clean()
        for name, field in self.fields.items():
            if self.has_changed() and name not in self.errors and not self.cleaned_data.get(name):
                self.add_error(name, field.error_messages["required"])

    def add_error(self, field: str | None, error: Any) -> None:
        """Name the row in each message, which is the same at the field and in the summary (A2)."""
        prefix = now_gettext("Meter %(row)d: ") % {"row": self.number}
        super().add_error(field, [f"{prefix}{message}" for message in ValidationError(error).messages])


if TYPE_CHECKING:
    _FormSet = forms.BaseFormSet[MeterRowForm]
else:
    _FormSet = forms.BaseFormSet  # takes no type at run time


class BaseMeterFormSet(_FormSet):
    default_error_messages = {
        "missing_management_form": _("We didn't receive the list of meters. Enter the meters again."),
        "too_many_forms": _("Enter %(num)d meters or fewer. Use another form for the rest."),
    }

    def add_fields(self, form: MeterRowForm, index: int | None) -> None:
        """Mark only the first row as required; the others may stay empty, but not half (T4)."""
        super().add_fields(form, index)
        form.number = None if index is None else index + 1
        for field in form.fields.values():
            field.required = index == 0

    def initial_form_count(self) -> int:
        """Return 0, so that any row may be emptied again."""
        return 0

    def clean(self) -> None:
        if not any(self.errors) and not any(form.has_changed() for form in self.forms):
            raise ValidationError(_("Enter the ESIID and meter number of at least one meter."), code="no_meter")

    def rows(self) -> tuple[MeterRow, ...]:
        """Return the filled rows with their numbers on the form."""
        filled = ((number, form.cleaned_data) for number, form in enumerate(self.forms, 1) if form.has_changed())
        return tuple(MeterRow(number, data["esiid"], data["meter_number"]) for number, data in filled)


def meter_formset(
    data: QueryDict | None, rows: list[dict[str, str]] | None = None, count: int = ROWS_AT_FIRST
) -> BaseMeterFormSet:
    most = settings.AGREEMENT_METERS_PER_FORM
    factory = forms.formset_factory(
        MeterRowForm, BaseMeterFormSet, extra=min(count, most), max_num=most, absolute_max=most, validate_max=True
    )
    return cast(BaseMeterFormSet, factory(data, initial=rows, prefix="meters"))


def entered_rows(data: Mapping[str, str]) -> list[dict[str, str]]:
    """Return the unchecked rows, at most as many as a form takes."""
    total = data.get("meters-TOTAL_FORMS", "")
    count = int(total) if re.fullmatch(r"[0-9]{1,3}", total) else 0
    return [
        {name: data.get(f"meters-{row}-{name}", "") for name in MeterRowForm.base_fields}
        for row in range(min(count, settings.AGREEMENT_METERS_PER_FORM))
    ]


YES, NO = "yes", "no"
# Fields that a registered customer's form does not have (T6).
UNREGISTERED_FIELDS = (
    "first_name", "middle_initial", "last_name", "title", "company_name", "street", "city", "state", "zip_code",
    "phone",
)  # fmt: skip


class AgreementRequestForm(ShowsRefusals):
    """Page 1 (T4). Fields that do not apply to the kind of customer are neither checked nor used (T5, T6)."""

    required_messages = {
        "registered": _("Choose whether the customer is already registered."),
        "kind": _("Choose residential or business."),
        "first_name": _("Enter the customer's first name."),
        "last_name": _("Enter the customer's last name."),
        "street": _("Enter the street of the service address."),
        "city": _("Enter the city of the service address."),
        "state": _("Choose the state of the service address."),
        "zip_code": _("Enter the ZIP code of the service address."),
        "email": _("Enter the customer's email."),
        "report_type": _("Choose a report type."),
        "report_length": _("Choose a report length."),
    }

    registered = forms.TypedChoiceField(
        label=_("Is the customer already registered?"),
        help_text=_("A registered customer has an account on this portal. If you're not sure, ask the customer."),
        choices=[(YES, _("Yes, the customer has an account")), (NO, _("No"))],
        coerce=lambda value: value == YES,
        widget=forms.RadioSelect,
    )
    kind = forms.TypedChoiceField(
        label=_("Is it a residential or a business customer?"),
        choices=CustomerKind.choices,
        coerce=CustomerKind,
        widget=forms.RadioSelect,
    )
    first_name = NameField(of_person=True, label=_("First name"), max_length=60)
    middle_initial = NameField(
        of_person=True,
        label=_("Middle initial"),
        max_length=2,
        required=False,
        validators=[RegexValidator(r"\A\w\.?\Z", _("Enter one letter, or leave this field empty."))],
        widget=forms.TextInput({"size": "3"}),
    )
    last_name = NameField(of_person=True, label=_("Last name"), max_length=60)
    title = NameField(
        of_person=True, label=_("Title"), help_text=_("For example, Ms. or Dr."), max_length=20, required=False
    )
    language = forms.ChoiceField(
        label=_("Language preference"),
        help_text=_("Only for a residential customer who is not registered."),
        choices=settings.LANGUAGES,
        initial="en",
        required=False,
    )
    company_name = NameField(
        label=_("Company name"),
        help_text=_("Only for a business customer who is not registered."),
        max_length=120,
        required=False,
    )
    street = NameField(label=_("Street"), max_length=250)
    city = NameField(label=_("City"), max_length=60)
    state = StateField(label=_("State"))
    zip_code = ZipField(label=_("ZIP code"))
    phone = PhoneField(label=_("Phone"), required=False)
    email = EmailLineField(
        label=_("Email"),
        help_text=_(
            "We'll send the request to this address. For a registered customer, enter the email of the account."
        ),
    )
    report_type = forms.ChoiceField(label=_("Report type"), choices=ReportType.choices, widget=forms.RadioSelect)
    report_length = forms.ChoiceField(
        label=_("Report length"),
        help_text=_("Counted back from the latest day on file before the customer accepts."),
        choices=ReportLength.choices,
        widget=forms.RadioSelect,
    )

    def __init__(
        self,
        data: QueryDict | None = None,
        *,
        initial: dict[str, Any] | None = None,
        meters: BaseMeterFormSet | None = None,
    ) -> None:
        super().__init__(data, initial=initial)
        self.meters = meters or meter_formset(data)
        self.refused: list[Problem] = []
        for name in UNREGISTERED_FIELDS:
            # A browser must neither suggest nor store the customer's data, which is not the user's own.
            self.fields[name].widget.attrs["autocomplete"] = "off"
        if data is not None:
            for name in self.unused_fields():
                field = self.fields[name]
                self.fields[name] = forms.Field(
                    label=field.label, help_text=field.help_text, widget=field.widget, required=False
                )

    @classmethod
    def of(cls, request: AgreementRequest) -> AgreementRequestForm:
        """Return the form filled as it was when it led to `request`, each meter in its row."""
        by_row = {row.row: {"esiid": row.esiid, "meter_number": row.meter_number} for row in request.rows}
        count = max([ROWS_AT_FIRST, *by_row])
        rows = [by_row.get(number, {}) for number in range(1, count + 1)]
        initial = asdict(request) | asdict(request.person) | {"registered": YES if request.registered else NO}
        initial["phone"] = format_phone(request.person.phone)
        if request.registered:
            initial["state"] = "TX"
        return cls(initial=initial, meters=meter_formset(None, rows, count))

    @classmethod
    def of_entries(cls, entries: Mapping[str, str], *, more_rows: int = 0) -> AgreementRequestForm:
        """Return a form with the unchecked entries."""
        rows = entered_rows(entries)
        count = max(ROWS_AT_FIRST, len(rows) + more_rows)
        return cls(initial=dict(entries), meters=meter_formset(None, rows, count))

    def is_valid(self) -> bool:
        return all([super().is_valid(), self.meters.is_valid()])

    def clean_middle_initial(self) -> str:
        return str(self.cleaned_data["middle_initial"] or "").rstrip(".")

    def clean_report_length(self) -> str:
        length = str(self.cleaned_data["report_length"])
        if length == ReportLength.ONE_DAY and self.cleaned_data.get("report_type") == ReportType.MONTHLY:
            raise forms.ValidationError(_("Choose a report length of 1 month or more for the monthly report."))
        return length

    @classmethod
    def from_values(cls, values: Mapping[str, str], meters: Sequence[tuple[str, str]]) -> AgreementRequestForm:
        """Return the form of a program or file, with `meters` as pairs of ESIID and meter number."""
        data = QueryDict(mutable=True)
        for row, (esiid, meter_number) in enumerate(meters):
            data.update({f"meters-{row}-esiid": esiid, f"meters-{row}-meter_number": meter_number})
        data.update({**values, "meters-TOTAL_FORMS": str(len(meters)), "meters-INITIAL_FORMS": "0"})
        return cls(data)

    def agreement_request(self) -> AgreementRequest:
        """Return the request of a valid form."""
        data = {name: value for name, value in self.cleaned_data.items() if name not in self.unused_fields()}
        person = {field.name: data[field.name] for field in fields(Person) if data.get(field.name)}
        return AgreementRequest(
            person=Person(**person | {"phone": phone_text(data.get("phone"))}),
            rows=self.meters.rows(),
            **{name: data[name] for name in ("registered", "kind", "report_type", "report_length")},
        )

    def refuse(self, refused: Refused) -> None:
        """Show each problem in the summary and at its meter row."""
        self.refused, self.causes, self.warning = refused.problems, refused.causes, refused.warning
        for problem in refused.problems:
            if problem.row:
                self.meters.forms[problem.row - 1].problem = problem

    def error_links(self) -> list[ErrorLink]:
        """Return the error summary in the order of the page: customer, meters, report."""
        links = super().error_links()
        report = [link for link in links if link.target.startswith("id_report")]
        customer = [link for link in links if link not in report]
        meters = [ErrorLink(str(error), "id_meters-0-esiid") for error in self.meters.non_form_errors()]
        for form in self.meters.forms:
            meters += error_links(form)
        for problem in self.refused:
            meters.append(ErrorLink(problem.message, f"id_meters-{problem.row - 1}-esiid" if problem.row else ""))
        return [*customer, *meters, *report]

    def unused_fields(self) -> set[str]:
        """Return the fields that do not apply to this kind of customer (T5, T6); before a choice, none is required."""
        kind = self.data.get("kind")
        if self.data.get("registered") != NO:
            return {*UNREGISTERED_FIELDS, "language"}
        unused = set() if kind == CustomerKind.BUSINESS else {"company_name"}
        return unused if kind == CustomerKind.RESIDENTIAL else unused | {"language"}


def page_1_entries(data: Mapping[str, str]) -> dict[str, str]:
    """Return what was typed on page 1, unchecked, for `AgreementRequestForm.of_entries`."""
    rows = entered_rows(data)
    entries = {f"meters-{row}-{name}": value for row, values in enumerate(rows) for name, value in values.items()}
    entries |= {name: data[name] for name in AgreementRequestForm.base_fields if name in data}
    return without_null(entries | {"meters-TOTAL_FORMS": str(len(rows))})


def without_null(entries: dict[str, str]) -> dict[str, str]:
    """Return `entries` without null characters and lone surrogates, which PostgreSQL cannot store."""
    return {name: re.sub("[\0\ud800-\udfff]", "", value) for name, value in entries.items()}

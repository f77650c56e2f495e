"""Page 1: the question to the customer (T4 to T6)."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django import forms
from django.conf import settings
from django.core.validators import RegexValidator
from django.http import QueryDict
from django.utils.translation import gettext as now_gettext
from django.utils.translation import gettext_lazy as _

from agreements.forms.meters import ROWS_AT_FIRST, BaseMeterFormSet, meter_rows, typed_rows
from agreements.models import ReportLength, ReportType
from agreements.request_data import Person, Problem, Question, Refused
from customers.models import CustomerKind
from lib.error_summary import ErrorLink, distinct_causes, error_links
from lib.form_fields import EmailLineField, LineField, PhoneField, StateField, ZipField

YES, NO = "yes", "no"
# The customer's data is not the user's own: a browser must neither offer nor keep it.
_PRIVATE = {"autocomplete": "off"}


class AgreementRequestForm(forms.Form):
    """Page 1 (T4). What is not asked of this kind of customer is neither checked nor taken (T5, T6)."""

    use_required_attribute = False

    registered = forms.TypedChoiceField(
        label=_("Is the customer already registered?"),
        help_text=_("A registered customer has an account on this portal. Ask the customer."),
        choices=[(YES, _("Yes, the customer has an account")), (NO, _("No"))],
        coerce=lambda value: value == YES,
        error_messages={"required": _("Choose whether the customer is already registered.")},
        widget=forms.RadioSelect,
    )
    kind = forms.TypedChoiceField(
        label=_("Is it a residential or a business customer?"),
        choices=CustomerKind.choices,
        coerce=CustomerKind,
        error_messages={"required": _("Choose residential or business.")},
        widget=forms.RadioSelect,
    )
    first_name = LineField(
        label=_("First name"),
        max_length=60,
        error_messages={"required": _("Enter the customer's first name.")},
        widget=forms.TextInput(_PRIVATE),
    )
    middle_initial = LineField(
        label=_("Middle initial"),
        max_length=2,
        required=False,
        validators=[RegexValidator(r"\A\w\.?\Z", _("Enter one letter, or leave it empty."))],
        widget=forms.TextInput({**_PRIVATE, "size": "3"}),
    )
    last_name = LineField(
        label=_("Last name"),
        max_length=60,
        error_messages={"required": _("Enter the customer's last name.")},
        widget=forms.TextInput(_PRIVATE),
    )
    title = LineField(
        label=_("Title"),
        help_text=_("For example Ms. or Dr."),
        max_length=20,
        required=False,
        widget=forms.TextInput(_PRIVATE),
    )
    language = forms.ChoiceField(
        label=_("Language preference"),
        help_text=_("Only for a residential customer who is not registered."),
        choices=settings.LANGUAGES,
        initial="en",
        required=False,
    )
    company_name = LineField(
        label=_("Company name"),
        help_text=_("Only for a business customer who is not registered."),
        max_length=120,
        required=False,
        widget=forms.TextInput(_PRIVATE),
    )
    street = LineField(
        label=_("Street"),
        max_length=250,
        error_messages={"required": _("Enter the street of the service address.")},
        widget=forms.TextInput(_PRIVATE),
    )
    city = LineField(
        label=_("City"),
        max_length=60,
        error_messages={"required": _("Enter the city of the service address.")},
        widget=forms.TextInput(_PRIVATE),
    )
    state = StateField(
        label=_("State"),
        error_messages={"required": _("Choose the state of the service address.")},
        widget=forms.Select(_PRIVATE),
    )
    zip_code = ZipField(
        label=_("ZIP code"),
        error_messages={"required": _("Enter the ZIP code of the service address.")},
        widget=forms.TextInput({**_PRIVATE, "inputmode": "numeric"}),
    )
    phone = PhoneField(label=_("Phone"), required=False, attrs=_PRIVATE)
    email = EmailLineField(
        label=_("Email"),
        help_text=_("We send the request to this address. Of a registered customer: the email of the account."),
        error_messages={"required": _("Enter the customer's email.")},
    )
    report_type = forms.ChoiceField(
        label=_("Report type"),
        choices=ReportType.choices,
        error_messages={"required": _("Choose a report type.")},
        widget=forms.RadioSelect,
    )
    with_utc = forms.BooleanField(
        label=_("Also with UTC columns"),
        help_text=_(
            "Only for the 15-minute report. Beside Smart Meter Texas's own columns, each row has its start in UTC, the "
            "offset from UTC and the date in ISO form. The days on which clocks change are then unambiguous."
        ),
        required=False,
    )
    report_length = forms.ChoiceField(
        label=_("Report length"),
        help_text=_("Counted back from the day before the customer accepts."),
        choices=ReportLength.choices,
        error_messages={"required": _("Choose a report length.")},
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
        self.meters = meters or meter_rows(data)
        self.refused: list[Problem] = []
        if data is not None:
            for name in self._not_asked():
                asked = self.fields[name]
                self.fields[name] = forms.Field(
                    label=asked.label, help_text=asked.help_text, widget=asked.widget, required=False
                )

    @classmethod
    def of(cls, question: Question) -> AgreementRequestForm:
        """The form filled as it was when it led to `question`, every meter in its row."""
        by_row = {row.row: {"esiid": row.esiid, "meter_number": row.meter_number} for row in question.rows}
        count = max([ROWS_AT_FIRST, *by_row])
        rows = [by_row.get(number, {}) for number in range(1, count + 1)]
        initial = asdict(question.person) | {
            "registered": YES if question.registered else NO,
            "kind": question.kind,
            "report_type": question.report_type,
            "report_length": question.report_length,
            "with_utc": question.with_utc,
        }
        if question.registered:
            initial["state"] = "TX"
        return cls(initial=initial, meters=meter_rows(None, rows, count))

    @classmethod
    def with_more_rows(cls, typed: QueryDict) -> AgreementRequestForm:
        """What was typed so far, unchecked, and three more rows."""
        rows = typed_rows(typed)
        return cls(initial=typed.dict(), meters=meter_rows(None, rows, len(rows) + ROWS_AT_FIRST))

    def is_valid(self) -> bool:
        return all([super().is_valid(), self.meters.is_valid()])

    def clean_middle_initial(self) -> str:
        return str(self.cleaned_data["middle_initial"] or "").rstrip(".")

    def clean_with_utc(self) -> bool:
        wanted = bool(self.cleaned_data["with_utc"])
        if wanted and self.cleaned_data.get("report_type") not in (ReportType.INTERVAL, None):
            raise forms.ValidationError(
                _("Only the 15-minute report has UTC columns. Choose that report type, or clear this box.")
            )
        return wanted

    def question(self) -> Question:
        """The question of a valid form."""
        taken = {name: value for name, value in self.cleaned_data.items() if name not in self._not_asked()}
        names = ("email", "first_name", "middle_initial", "last_name", "title", "company_name", "street", "city")
        person = {name: taken[name] for name in (*names, "state", "zip_code") if name in taken}
        return Question(
            registered=taken["registered"],
            kind=taken["kind"],
            person=Person(**person, language=taken.get("language") or "en", phone=str(taken.get("phone") or "")),
            rows=self.meters.rows(),
            report_type=taken["report_type"],
            report_length=taken["report_length"],
            with_utc=taken["with_utc"],
        )

    def refuse(self, refused: Refused) -> None:
        """Show at each row what the rules have against it."""
        self.refused = refused.problems
        for problem in refused.problems:
            if problem.row and problem.row <= len(self.meters.forms):
                self.meters.forms[problem.row - 1].problem = problem

    def problems(self) -> list[ErrorLink]:
        """The error summary, in the order of the page: customer, meters, report."""
        if not self.is_bound:
            return []
        shown = error_links(self)
        report = [one for one in shown if one.target.startswith(("id_report", "id_with_utc"))]
        customer = [one for one in shown if one not in report]
        meters = [ErrorLink(str(error), "id_meters-0-esiid") for error in self.meters.non_form_errors()]
        for number, form in enumerate(self.meters.forms, 1):
            meters += error_links(form, now_gettext("Meter %(row)d: ") % {"row": number})
        rules = [ErrorLink(one.message, f"id_meters-{one.row - 1}-esiid" if one.row else "") for one in self.refused]
        return [*customer, *meters, *rules, *report]

    def causes(self) -> list[str]:
        return distinct_causes(self.refused)

    def _not_asked(self) -> set[str]:
        """Fields that this kind of customer is not asked for (T5, T6); without an answer nobody is asked for them."""
        registered, kind = self.data.get("registered"), self.data.get("kind")
        names = {"first_name", "middle_initial", "last_name", "title", "street", "city", "state", "zip_code", "phone"}
        return (
            (names if registered != NO else set())
            | ({"company_name"} if registered != NO or kind != CustomerKind.BUSINESS else set())
            | ({"language"} if registered != NO or kind != CustomerKind.RESIDENTIAL else set())
        )

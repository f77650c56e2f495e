"""What the two pages of the form make of what people type (T4 to T6, T8, A2)."""

from __future__ import annotations

import pytest
from django.http import QueryDict

from agreements.forms.request import AgreementRequestForm
from agreements.forms.submission import SubmissionForm
from agreements.request import AgreementRequest, MeterRow, Person
from lib.refusals import Problem, Refused
from tests.support.agreement_forms import EMPTY, PAGE_2, UNREGISTERED, rows

PAIR = ("10443720000000001", "104051941")


def posted(data: dict[str, str]) -> QueryDict:
    query = QueryDict(mutable=True)
    query.update(data)
    return query


def form(*pairs: tuple[str, str], total: int = 3, **changes: str) -> AgreementRequestForm:
    return AgreementRequestForm(posted(UNREGISTERED | rows(*(pairs or [PAIR]), total=total) | changes))


def messages(form: AgreementRequestForm | SubmissionForm) -> dict[str, str]:
    form.is_valid()
    return {problem.target: problem.message for problem in form.error_links()}


def test_a_filled_form_becomes_a_request():
    """T4: every field arrives, the phone as RFC 3966 and the initial without its dot."""
    filled = form()
    assert filled.is_valid()
    assert filled.agreement_request() == AgreementRequest(
        registered=False,
        kind="residential",
        person=Person(
            email="rosa@example.net",
            first_name="Rosa",
            middle_initial="M",
            last_name="Delgado",
            title="Ms.",
            language="es",
            street="206 Boxwood Drive",
            city="Baytown",
            state="TX",
            zip_code="77520",
            phone="tel:+1-512-555-0102",
        ),
        rows=(MeterRow(1, *PAIR),),
        report_type="interval",
        report_length="3m",
    )


def test_an_empty_form_links_every_missing_answer():
    """A2: nothing is asked of a name before it is known whether one is needed (T6)."""
    assert messages(AgreementRequestForm(posted(rows()))) == {
        "id_registered_0": "Choose whether the customer is already registered.",
        "id_kind_0": "Choose residential or business.",
        "id_email": "Enter the customer's email.",
        "id_meters-0-esiid": "Enter the ESIID and meter number of at least one meter.",
        "id_report_type_0": "Choose a report type.",
        "id_report_length_0": "Choose a report length.",
    }


def test_an_unregistered_customer_needs_name_and_address():
    """T4: the fields that are not optional."""
    nameless = form(**EMPTY | {"registered": "no", "kind": "residential"})
    missing = {"first_name", "last_name", "street", "city", "zip_code", "email"}
    assert {f"id_{name}" for name in missing} <= set(messages(nameless))
    assert not {"id_title", "id_phone", "id_middle_initial", "id_company_name"} & set(messages(nameless))


def test_a_registered_customer_needs_only_email_and_meters():
    """T6: what else was entered, right or wrong, is ignored."""
    registered = form(registered="yes", zip_code="nonsense", phone="nonsense", first_name="x" * 500)
    assert registered.is_valid(), registered.errors
    assert registered.agreement_request().person == Person(email="rosa@example.net")


@pytest.mark.parametrize(
    ("kind", "language", "company_name"), [("residential", "es", ""), ("business", "en", "Delgado's Bakery")]
)
def test_language_is_for_residential_and_company_name_for_business(kind, language, company_name):
    """T5: the other one is ignored."""
    person = request_from(form(kind=kind, language="es", company_name="Delgado's Bakery")).person
    assert (person.language, person.company_name) == (language, company_name)


def request_from(filled: AgreementRequestForm) -> AgreementRequest:
    assert filled.is_valid(), filled.error_links()
    return filled.agreement_request()


@pytest.mark.parametrize(
    "entered",
    ["'10443720000000001", "1044372 0000 000001", "1044372-0000-000001", "\t10443720000000001 ", "’10443720000000001"],
)
def test_an_esiid_may_be_pasted_with_spaces_dashes_and_an_apostrophe(entered):
    """docs/file-formats.md: ESIID."""
    assert request_from(form((entered, "104051941"))).rows == (MeterRow(1, *PAIR),)


@pytest.mark.parametrize("entered", ["L104051941", " 104 051 941", "104-051-941", "l104051941"])
def test_a_meter_number_loses_spaces_dashes_and_one_leading_letter(entered):
    """T7: one leading letter is dropped (docs/file-formats.md)."""
    assert request_from(form((PAIR[0], entered))).rows == (MeterRow(1, *PAIR),)


@pytest.mark.parametrize(
    "entered", ["1044372000000001", "1044372000000000A", "١٠٤٤٣٧٢٠٠٠٠٠٠٠٠٠١", "9" * 5000, "1\x002"]
)
def test_an_impossible_esiid_is_an_error_at_its_row(entered):
    """A2: the message names the row and where to find the ESIID."""
    assert messages(form(PAIR, (entered, "1"))) == {
        "id_meters-1-esiid": "Meter 2: Enter an ESIID with 17 or 22 digits. It's on the customer's electricity bill."
    }


@pytest.mark.parametrize(
    ("pair", "target"),
    [((PAIR[0], ""), "id_meters-1-meter_number"), (("", PAIR[1]), "id_meters-1-esiid")],
)
def test_a_half_filled_row_is_an_error_at_that_row(pair, target):
    """T4: it must not vanish silently."""
    assert list(messages(form(("10443720000000002", "1"), pair))) == [target]


def test_empty_rows_are_left_out_and_the_others_keep_their_numbers():
    """T4, T7: a refusal must name the row that the person sees."""
    assert request_from(form(("", " "), PAIR, ("  ", ""))).rows == (MeterRow(2, *PAIR),)


def test_a_form_takes_twenty_meters_and_not_one_more():
    """T4."""
    twenty = [(f"104437200000{n:05d}", str(n)) for n in range(1, 21)]
    assert len(request_from(form(*twenty)).rows) == 20
    assert "Enter 20 meters or fewer" in messages(form(*twenty, ("10443720000000099", "99")))["id_meters-0-esiid"]
    assert "Enter 20 meters or fewer" in messages(form(PAIR, **{"meters-TOTAL_FORMS": "1000"}))["id_meters-0-esiid"]


@pytest.mark.parametrize("total", ["", "many", "-1", "99999999999"])
def test_a_forged_count_of_rows_is_an_error_and_not_a_crash(total):
    """A2."""
    assert "id_meters-0-esiid" in messages(form(PAIR, **{"meters-TOTAL_FORMS": total}))
    AgreementRequestForm.of_entries({"meters-TOTAL_FORMS": total}, more_rows=3)


@pytest.mark.parametrize(
    ("field", "entered", "message"),
    [
        ("first_name", "R" * 61, "Enter 60 characters or fewer in “First name”. You entered 61."),
        ("street", "x" * 251, "Enter 250 characters or fewer in “Street”. You entered 251."),
        ("first_name", "Ro\x00sa", "Remove the invisible character from “First name”."),
        ("first_name", "\u200b", "invisible character"),
        ("first_name", "\u3164", "invisible character"),
        ("last_name", "De\u00adl", "invisible character"),
        ("first_name", "http://evil.example Akin", "Remove the web or email address from “First name”."),
        ("last_name", "WWW.evil", "Remove the web or email address"),
        ("last_name", "rosa＠example.net", "Remove the web or email address"),
        ("last_name", "evil.example", "put a space after each period"),
        ("first_name", "...", "Enter letters or numbers in “First name”"),
        ("street", "Click https://evil.example", "Remove the web or email address"),
        ("last_name", "Del\r\ngado", "invisible character"),
        ("last_name", "Delgado\u202eodagleD", "invisible character"),
        ("city", "Bay\x1btown", "invisible character"),
        ("middle_initial", "MR", "one letter"),
        ("zip_code", "7752", "Enter a ZIP code with 5 or 9 digits"),
        ("zip_code", "77520-12", "Enter a ZIP code with 5 or 9 digits"),
        ("zip_code", "٧٧٥٢٠", "Enter a ZIP code with 5 or 9 digits"),
        ("phone", "555-0102", "with area code"),
        ("phone", "call me", "Enter a phone number with area code in “Phone”"),
        ("phone", "512-555-0102 ext. 12345678901", "with area code"),
        ("phone", "5" * 5000, "with area code"),
        ("email", "rosa", "Enter a full email address in “Email”, such as name@example.com"),
        ("email", "rosa@exa\nmple.net", "such as name@example.com"),
        ("email", "r\x00@example.net", "such as name@example.com"),
        ("state", "ZZ", "Select a valid choice"),
        ("language", "tlh", "Select a valid choice"),
    ],
)
def test_an_impossible_value_is_an_error_at_its_field(field, entered, message):
    """A2: the cause and the next step, in the summary and at the field."""
    errors = messages(form(**{field: entered}))
    assert list(errors) == [f"id_{field}"] and message in errors[f"id_{field}"]


@pytest.mark.parametrize(("entered", "kept"), [("77520-1234", "77520-1234"), (" 77520 ", "77520")])
def test_a_zip_code_has_five_digits_or_nine(entered, kept):
    """T4."""
    assert request_from(form(zip_code=entered)).person.zip_code == kept


@pytest.mark.parametrize("name", ["José Ñandú", "Nguyễn", "O'Brien-Smith", "Łukasz", "J.R.", "St. John"])
def test_names_of_many_languages_are_accepted(name):
    """A2: the check of characters refuses what cannot be printed, not what is foreign."""
    assert request_from(form(first_name=name)).person.first_name == name


def test_more_rows_keep_entries_and_show_no_errors():
    """T10: Add another meter without JavaScript."""
    more = AgreementRequestForm.of_entries(form(PAIR, ("half", ""), email="not-yet").data.dict(), more_rows=3)
    html = str(more) + str(more.meters)
    assert len(more.meters.forms) == 6
    assert all(value in html for value in ("not-yet", "half", *PAIR, "Rosa"))
    assert more.error_links() == []


def test_more_rows_end_at_twenty():
    """T4."""
    nineteen = [(f"104437200000{n:05d}", str(n)) for n in range(1, 20)]
    assert len(AgreementRequestForm.of_entries(form(*nineteen).data.dict(), more_rows=3).meters.forms) == 20


def test_a_form_filled_from_a_request_gives_the_same_request():
    """T8: Change leads back to page 1 as it was."""
    request = request_from(
        form(("", ""), PAIR, ("10443720000000002", "7"), ("", ""), ("10443720000000003", "8"), total=6)
    )
    again = AgreementRequestForm.of(request)
    assert 'value="(512) 555-0102"' in str(again["phone"])
    data = dict(again.initial) | rows(
        *[(row.initial.get("esiid", ""), row.initial.get("meter_number", "")) for row in again.meters.forms]
    )
    assert request_from(AgreementRequestForm(posted(data))) == request


def test_a_refusal_is_shown_at_its_row_and_in_the_summary():
    """T7."""
    two = form(PAIR, ("10443720000000002", "7"))
    assert two.is_valid()
    two.refuse(Refused(*(Problem(f"Meter {n}: no match.", row=n, causes=("One.", "Other.")) for n in (1, 2))))
    assert [row.problem.row for row in two.meters.forms if row.problem] == [1, 2]
    assert [problem.target for problem in two.error_links()] == ["id_meters-0-esiid", "id_meters-1-esiid"]
    assert two.causes == ["One.", "Other."]


class TestSubmissionFields:
    def test_without_the_attestation_it_is_not_valid(self):
        """T8, BR-019.012."""
        without = SubmissionForm(posted(PAGE_2 | {"attested": ""}))
        assert list(messages(without)) == ["id_attested"]

    @pytest.mark.parametrize("missing", ["contact_name", "contact_phone", "contact_email"])
    def test_the_contact_is_required(self, missing):
        """T8."""
        assert list(messages(SubmissionForm(posted(PAGE_2 | {missing: ""})))) == [f"id_{missing}"]

    def test_comments_are_counted_as_the_browser_counts_them(self):
        """T8: a line end is one character, though a browser posts two."""
        comments = "\r\n".join("x" * 99 for _ in range(10))
        fits = SubmissionForm(posted(PAGE_2 | {"comments": comments}))
        assert fits.is_valid() and fits.cleaned_data["comments"].count("\n") == 9
        assert "Enter 1000" in messages(SubmissionForm(posted(PAGE_2 | {"comments": "x" * 1001})))["id_comments"]

    def test_comments_take_no_control_characters(self):
        """E3."""
        for hidden in ("Hi\x07", "Hi\u200b", "Hi\u202e"):
            assert (
                "invisible character" in messages(SubmissionForm(posted(PAGE_2 | {"comments": hidden})))["id_comments"]
            )

    def test_comments_take_addresses_and_emoji(self):
        """T8: they are words to the customer; the email makes no link of an address."""
        comments = "See https://green-energy.example 👩‍👩‍👧 ❤️"
        filled = SubmissionForm(posted(PAGE_2 | {"comments": comments}))
        assert filled.is_valid() and filled.answers()["comments"] == comments

    @pytest.mark.parametrize("name", ["Account locked: http://evil.example/", "a@b.example", "evil.example"])
    def test_a_contacts_name_is_no_address(self, name):
        """E3."""
        assert "address" in messages(SubmissionForm(posted(PAGE_2 | {"contact_name": name})))["id_contact_name"]


def test_only_the_first_meter_is_marked_as_required():
    """T4: the other rows may stay empty."""
    blank = AgreementRequestForm().meters
    assert [row.fields["esiid"].required for row in blank.forms] == [True, False, False]
    assert not blank.empty_form.fields["esiid"].required
    assert request_from(form(("", ""), PAIR)).rows[0].row == 2


def test_a_meters_mistake_is_one_sentence_in_the_summary_and_at_the_field():
    """A2."""
    filled = form(PAIR, ("10443720000000002", ""), ("x", "7"))
    links = [link.message for link in filled.error_links()]
    assert links[0] == "Meter 2: Enter the meter number, or clear this row."
    assert links[1].startswith("Meter 3: Enter an ESIID with 17 or 22 digits.")
    assert links == [str(error) for row in filled.meters.forms for errors in row.errors.values() for error in errors]


def test_a_monthly_report_has_at_least_a_month():
    """T4."""
    errors = messages(form(PAIR, report_type="monthly", report_length="1d"))
    assert errors == {"id_report_length_0": "Choose a report length of 1 month or more for the monthly report."}

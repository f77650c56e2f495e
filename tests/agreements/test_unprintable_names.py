"""Fields whose text is printed in a letter of authorization refuse what it cannot print (A1)."""

from __future__ import annotations

import html

import pytest
from django.core.exceptions import ValidationError
from django.forms import Form
from django.utils import translation

from agreements.forms.request import AgreementRequestForm
from agreements.forms.submission import SubmissionForm
from companies.forms import CompanyContactForm, CompanyRegistrationForm, CompanyRenameForm, MemberProfileForm
from customers.forms import CustomerProfileForm, RegistrationForm
from tests.factories import MeterFactory
from tests.support.registration import register

PRINTED: list[tuple[type[Form], str]] = [
    (RegistrationForm, "first_name middle_initial last_name suffix company_name email"),
    (CustomerProfileForm, "first_name middle_initial last_name suffix company_name"),
    (CompanyRegistrationForm, "legal_name first_name last_name privacy_policy_url"),
    (CompanyRenameForm, "legal_name"),
    (CompanyContactForm, "email privacy_policy_url"),
    (MemberProfileForm, "first_name last_name"),
    (AgreementRequestForm, "first_name middle_initial last_name company_name street city email"),
    (SubmissionForm, "contact_name contact_email"),
]
TYPED = {"middle_initial": "李", "privacy_policy_url": "https://李.example/", "email": "rosa@李.com"}
TYPED["contact_email"] = TYPED["email"]


@pytest.mark.parametrize(("form", "names"), PRINTED)
def test_each_printed_field_names_the_letter_and_the_field(form, names):
    for name in names.split():
        field = form.base_fields[name]
        with pytest.raises(ValidationError) as caught:
            field.clean(TYPED.get(name, "李 Bruce"))
        (message,) = caught.value.messages
        assert f"“{field.label}”" in message and "“李”" in message, name


@pytest.mark.parametrize(("form", "names"), PRINTED)
def test_letters_of_the_customers_languages_are_taken(form, names):
    typed = {"middle_initial": "Ñ", "privacy_policy_url": "https://example.com/ñ", "email": "rosa@example.com"}
    typed["contact_email"] = typed["email"]
    for name in names.split():
        assert form.base_fields[name].clean(typed.get(name, "Muñoz Vũ")) == typed.get(name, "Muñoz Vũ")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("language", "message"),
    [
        ("en", "Enter “First name” in Latin letters. We can't print “李” in a letter of authorization."),
        ("es", "Escriba «Nombre» con letras latinas. No podemos imprimir «李» en una carta de autorización."),
    ],
)
def test_a_customer_reads_it_at_the_field_and_in_the_summary(client, language, message):
    """A2, C6: what was typed stays."""
    client.cookies["django_language"] = language
    with translation.override(language):  # which the request would leave behind
        page = html.unescape(register(client, MeterFactory(), first_name="李").content.decode())
    assert page.count(message) == 2
    assert 'value="李"' in page


def test_an_accent_typed_apart_from_its_letter_is_stored_with_it():
    """A1: phones and macOS type it either way, and both are the same name."""
    assert SubmissionForm.base_fields["contact_name"].clean("Nu\u0303n\u0303ez") == "Nũñez"
    assert CustomerProfileForm.base_fields["middle_initial"].clean("E\u0301") == "É"

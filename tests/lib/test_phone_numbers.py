"""Telephone numbers keep their country and extension on every way through the portal (T8)."""

from __future__ import annotations

import phonenumbers
import pytest
from django.db import connection
from hypothesis import example, given
from hypothesis import strategies as st
from phonenumber_field.phonenumber import PhoneNumber

from accounts.models import User
from lib.form_fields import ExtensionField, PhoneField
from lib.phone_numbers import format_phone, phone_text, split_extension, with_extension

EXAMPLES = (
    st.sampled_from(sorted(phonenumbers.SUPPORTED_REGIONS))
    .map(phonenumbers.example_number)
    .filter(lambda sample: sample and phonenumbers.is_valid_number(sample))
    .map(lambda sample: phonenumbers.format_number(sample, phonenumbers.PhoneNumberFormat.E164))
)
EXTENSIONS = st.one_of(st.just(""), st.from_regex(r"\A[1-9][0-9]{0,9}\Z"))


@pytest.mark.parametrize(
    ("entered", "displayed"),
    [
        ("512-555-0141", "(512) 555-0141"),
        ("+1 512 555 0141 x778", "(512) 555-0141 ext. 778"),
        ("5125550141 extension 778", "(512) 555-0141 ext. 778"),
        ("+44 20 7946 0958", "+44 20 7946 0958"),
        ("+44 20 7946 0958 ext. 12", "+44 20 7946 0958 ext. 12"),
        ("+52 55 5123 4567", "+52 55 5123 4567"),
    ],
)
def test_a_customer_in_texas_can_dial_what_is_displayed(entered, displayed):
    assert format_phone(PhoneField().clean(entered)) == displayed


@pytest.mark.parametrize(
    ("stored", "displayed"),
    [
        ("+18883134747", "(888) 313-4747"),
        ("888-313-4747", "(888) 313-4747"),
        ("888.313.4747 x12", "(888) 313-4747 ext. 12"),
        ("1-800-GO-FEDEX", "1-800-GO-FEDEX"),
        ("888-313-4747 (24 hours)", "888-313-4747 (24 hours)"),
        ("911", "911"),
        ("see your bill", "see your bill"),
    ],
)
def test_a_utilitys_line_is_displayed_as_other_numbers_are(stored, displayed):
    """C7: unless it has words of its own."""
    assert format_phone(stored) == displayed


@given(EXAMPLES, EXTENSIONS)
@example("+40211234567", "1000000000")  # str() of it cannot be read again
def test_what_is_displayed_typed_and_stored_is_the_same_number(number, extension):
    phone = with_extension(PhoneNumber.from_string(number), extension)
    assert PhoneField().clean(format_phone(phone)) == phone
    assert PhoneField().clean(PhoneField().widget.format_value(phone)) == phone
    stored = User._meta.get_field("phone").get_prep_value(phone)
    assert User._meta.get_field("phone").from_db_value(stored, None, connection) == phone
    assert PhoneNumber.from_string(phone_text(phone)) == phone
    assert format_phone(phone_text(phone)) == format_phone(phone)


@given(EXAMPLES, EXTENSIONS)
def test_a_form_with_two_fields_gets_both_parts(number, extension):
    phone, part = split_extension(with_extension(PhoneNumber.from_string(number), extension))
    assert (phone, part) == (PhoneNumber.from_string(number), extension)
    assert with_extension(phone, part) == with_extension(PhoneNumber.from_string(number), extension)
    assert PhoneField(beside_extension=True).clean(format_phone(phone)) == phone
    assert ExtensionField().clean(part) == extension


@pytest.mark.parametrize("empty", ["", None])
def test_no_number_is_displayed_as_nothing(empty):
    assert format_phone(empty) == ""
    assert not with_extension(empty, "12")

"""Page 2 of the form for new agreements: the contact, the comments and the attestation (T8)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from agreements.forms.request import without_null
from agreements.request import Contact
from lib.action_forms import ShowsRefusals
from lib.form_fields import EmailLineField, NameField, ParagraphField, PhoneField
from lib.phone_numbers import phone_text


class SubmissionForm(ShowsRefusals):
    """The company's name and privacy policy come from its profile."""

    required_messages = {
        "contact_name": _("Enter the name of a person the customer can contact."),
        "contact_phone": _("Enter a phone number that the customer can call."),
        "contact_email": _("Enter an email address that the customer can write to."),
        "attested": _("Confirm that you have the customer's authorization."),
    }

    contact_name = NameField(of_person=True, label=_("Contact name"), max_length=120, autocomplete="name")
    contact_phone = PhoneField(label=_("Contact phone"), autocomplete="tel")
    contact_email = EmailLineField(
        label=_("Contact email"),
        help_text=_(
            "The customer sees this address, and emails about the agreement go to it. If it belongs to a user, that "
            "user chooses which emails to get."
        ),
        autocomplete="email",
    )
    comments = ParagraphField(
        label=_("Comments to the customer"),
        help_text=_("Optional. The customer will see this in the email. Up to 1,000 characters."),
        max_length=1000,
        required=False,
        widget=forms.Textarea({"rows": 5, "autocomplete": "off"}),
    )
    attested = forms.BooleanField(
        label=_(
            "I attest that my company has the customer's authorization, on paper or in electronic "
            "form, to read the customer's energy data."
        )
    )

    def answers(self) -> dict[str, Any]:
        """Return the arguments of a valid form for `creation.initiate`."""
        data = self.cleaned_data
        contact = Contact(
            name=data["contact_name"], phone=phone_text(data["contact_phone"]), email=data["contact_email"]
        )
        return {"contact": contact, "comments": data["comments"], "attested": data["attested"]}


def unchecked_contact(form: SubmissionForm) -> tuple[Contact, str]:
    """Return the contact and the comments that the form shows, right or not, for a preview (T8)."""
    typed = form.data if form.is_bound else form.initial
    name, phone, email, comments = (
        typed.get(field, "") for field in ("contact_name", "contact_phone", "contact_email", "comments")
    )
    try:
        phone = form.fields["contact_phone"].clean(phone)
    except forms.ValidationError:
        pass  # shown as it was typed
    return Contact(name=name, phone=phone_text(phone), email=email), comments


def page_2_entries(data: Mapping[str, str]) -> dict[str, str]:
    """Return what was typed on page 2, unchecked; the attestation is given again."""
    return without_null(
        {name: data[name] for name in SubmissionForm.base_fields if name in data and name != "attested"}
    )

"""Page 2: the contact, comments and the attestation (T8)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from agreements.request_data import Contact
from lib.action_forms import ShowsRefusals
from lib.form_fields import EmailLineField, LineField, ParagraphField, PhoneField


class SubmissionForm(ShowsRefusals):
    """Page 2 (T8). The company's name and privacy policy come from its profile."""

    KEPT_FIELDS = ("contact_name", "contact_phone", "contact_email", "comments")

    required_messages = {
        "contact_name": _("Enter the name of a person the customer can contact."),
        "contact_phone": _("Enter a phone number that the customer can call."),
        "contact_email": _("Enter an email address that the customer can write to."),
        "attested": _("Confirm that you have the customer's authorization."),
    }

    contact_name = LineField(label=_("Contact name"), max_length=120, autocomplete="name")
    contact_phone = PhoneField(label=_("Contact phone"), autocomplete="tel")
    contact_email = EmailLineField(
        label=_("Contact email"),
        help_text=_("We'll email the customer's answer and the report notice to this address."),
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
        contact = Contact(name=data["contact_name"], phone=str(data["contact_phone"]), email=data["contact_email"])
        return {"contact": contact, "comments": data["comments"], "attested": data["attested"]}

    def entries(self) -> dict[str, str]:
        """Return the unchecked entries, to fill the form again after a change on page 1."""
        return {name: str(self.data.get(name, ""))[:1500] for name in self.KEPT_FIELDS}

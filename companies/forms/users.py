"""What administrators enter about their company's users, and users about themselves (T12, T13)."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from lib.error_summary import ShowsRefusals
from lib.form_fields import EmailLineField, NameForm, PhoneForm

PERMISSION_CHOICES = [
    ("may_view", _("View: see the company's agreements and reports")),
    ("may_initiate", _("Initiate: create agreements")),
    ("may_resend_or_withdraw", _("Resend or withdraw: send reminders, end pending agreements")),
    ("may_download", _("Download: fetch the reports' files")),
    ("is_administrator", _("Administrator: change the company profile, manage users and approvals")),
]


class PermissionsForm(ShowsRefusals):
    """What a user may do in the company."""

    permissions = forms.MultipleChoiceField(
        label=_("What the user may do"),
        choices=PERMISSION_CHOICES,
        error_messages={"required": _("Choose at least one.")},
        widget=forms.CheckboxSelectMultiple,
    )


class InvitationForm(PermissionsForm):
    """Whom an administrator invites, and what the person may do."""

    email = EmailLineField(
        label=_("Email of the new user"),
        help_text=_("The person gets a link that is good for one account."),
        error_messages={"required": _("Enter the person's email address.")},
    )
    field_order = ["email", "permissions"]


class MemberProfileForm(ShowsRefusals, NameForm, PhoneForm):
    """A third party's user: name and phone. The email has its own page, where it is confirmed."""

    field_order = ["first_name", "last_name", "phone", "phone_extension"]

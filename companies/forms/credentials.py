"""What a new user of a company enters."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.forms.credentials import CredentialsForm
from companies.links import Newcomer, Refused, hashed
from lib.form_fields import EmailAgainField, EmailLineField, NameForm, same_email


class RefusableForm(forms.Form):
    """A form whose page also shows what the rules have against the whole."""

    use_required_attribute = False

    def refuse(self, refused: Refused) -> None:
        self.add_error(refused.field if refused.field in self.fields else None, str(refused))


class EmailTwiceForm(forms.Form):
    """An email that the account hangs on: typed twice, for a link goes to it."""

    user_email = EmailLineField(
        label=_("Your email"),
        help_text=_("We send a link to this address. Use the one at your company."),
        error_messages={"required": _("Enter your email address.")},
        autocomplete="email",
    )
    user_email_again = EmailAgainField(label=_("Your email again"))

    def clean_user_email_again(self) -> str:
        return same_email(self.cleaned_data.get("user_email"), self.cleaned_data["user_email_again"])


class NewcomerForm(RefusableForm, NameForm, CredentialsForm):
    """Name, user id and password of somebody who becomes a third party's user."""

    def newcomer(self, phone: str = "") -> Newcomer:
        """The person of a valid form; the password is hashed here."""
        typed = self.cleaned_data
        return Newcomer(
            typed["first_name"], typed["last_name"], typed["username"], hashed(typed["password1"]), phone=phone
        )

"""A company's profile, its users' permissions, and the ways to become its user (T13)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from companies.forms.credentials import EmailTwiceForm, NewcomerForm, RefusableForm
from companies.models import Company, CompanyLink, Membership
from companies.profile import EDITABLE, REVIEWED
from lib.form_fields import (
    EmailLineField,
    LineField,
    NameForm,
    ParagraphField,
    PhoneField,
    PhoneForm,
    StateField,
    ZipField,
)

PERMISSIONS = [
    ("may_view", _("View: see the company's agreements and reports")),
    ("may_initiate", _("Initiate: create agreements")),
    ("may_resend_or_withdraw", _("Resend or withdraw: send reminders, end pending agreements")),
    ("may_download", _("Download: fetch the reports' files")),
    ("is_administrator", _("Administrator: change the company profile, manage users and approvals")),
]


class CompanyForm(RefusableForm):
    """The company profile."""

    legal_name = LineField(
        label=_("Legal name of the company"),
        max_length=120,
        error_messages={"required": _("Enter the company's legal name.")},
        widget=forms.TextInput({"autocomplete": "organization"}),
    )
    duns = forms.CharField(
        label=_("DUNS number"),
        help_text=_("9 digits, or 13 with the four of a branch."),
        max_length=30,
        error_messages={"required": _("Enter the company's DUNS number.")},
        widget=forms.TextInput({"autocomplete": "off", "inputmode": "numeric"}),
    )
    street = LineField(
        label=_("Street"),
        max_length=120,
        error_messages={"required": _("Enter the street and number.")},
        widget=forms.TextInput({"autocomplete": "street-address"}),
    )
    city = LineField(
        label=_("City"),
        max_length=60,
        error_messages={"required": _("Enter the city.")},
        widget=forms.TextInput({"autocomplete": "address-level2"}),
    )
    state = StateField(label=_("State"), widget=forms.Select({"autocomplete": "address-level1"}))
    zip_code = ZipField(
        label=_("ZIP code"),
        error_messages={"required": _("Enter the ZIP code.")},
        widget=forms.TextInput({"autocomplete": "postal-code", "inputmode": "numeric"}),
    )
    phone = PhoneField(
        label=_("Company phone"),
        error_messages={"required": _("Enter the company's telephone number.")},
        attrs={"autocomplete": "off"},
    )
    email = EmailLineField(
        label=_("Company email"),
        error_messages={"required": _("Enter the company's email address.")},
    )
    privacy_policy_url = forms.URLField(
        label=_("Privacy policy link"),
        help_text=_("Optional. Customers are told when there is none. It starts with https://"),
        max_length=200,
        required=False,
        assume_scheme="https",
        error_messages={"invalid": _("Enter a web address such as https://example.com/privacy.")},
        widget=forms.URLInput({"autocomplete": "off", "spellcheck": "false"}),
    )

    def clean_duns(self) -> str:
        digits = "".join(str(self.cleaned_data["duns"]).replace("-", " ").split())
        if not (digits.isascii() and digits.isdigit() and len(digits) in (9, 13)):
            raise ValidationError(_("A DUNS number has 9 or 13 digits. Check what you typed."))
        return digits

    def clean_privacy_policy_url(self) -> str:
        url = str(self.cleaned_data["privacy_policy_url"] or "")
        if url and not url.startswith(("https://", "http://")):
            raise ValidationError(_("Enter a web address such as https://example.com/privacy."))
        return url

    def profile(self) -> dict[str, Any]:
        """The profile's fields of a valid form."""
        return {name: self.cleaned_data[name] for name in CompanyForm.base_fields if name in self.cleaned_data}


class ProfileForm(CompanyForm):
    """The profile of a company that is here, without what only the operator changes."""

    def __init__(self, data: QueryDict | None = None, *, company: Company) -> None:
        super().__init__(data, initial={name: getattr(company, name) for name in CompanyForm.base_fields})
        for name in REVIEWED:
            del self.fields[name]


class RenameForm(CompanyForm):
    """What the operator is asked to change, and why."""

    reason = ParagraphField(
        label=_("Reason"),
        help_text=_("For example a merger, or a typing error at registration. The operator reads it."),
        max_length=500,
        error_messages={"required": _("Enter the reason of the change.")},
        widget=forms.Textarea({"rows": 4}),
    )

    def __init__(self, data: QueryDict | None = None, *, company: Company) -> None:
        super().__init__(data, initial={name: getattr(company, name) for name in REVIEWED})
        for name in EDITABLE:
            del self.fields[name]


class RegisterForm(CompanyForm, EmailTwiceForm, NewcomerForm):
    """A company and its first user, who becomes its administrator."""

    user_phone = PhoneField(
        label=_("Your phone"),
        error_messages={"required": _("Enter your telephone number.")},
        attrs={"autocomplete": "tel"},
    )
    field_order = [
        *CompanyForm.base_fields,
        "first_name",
        "last_name",
        "user_phone",
        "user_email",
        "user_email_again",
        "username",
        "password1",
        "password2",
    ]

    def account(self, typed: dict[str, Any]) -> User:
        user = super().account(typed)
        user.email = typed.get("user_email") or ""
        Membership(user=user, company=Company(legal_name=typed.get("legal_name") or ""))
        return user


class PermissionsForm(RefusableForm):
    """What a user may do in the company."""

    permissions = forms.MultipleChoiceField(
        label=_("What the user may do"),
        choices=PERMISSIONS,
        error_messages={"required": _("Choose at least one.")},
        widget=forms.CheckboxSelectMultiple,
    )

    @staticmethod
    def of(membership: Membership, data: QueryDict | None = None) -> PermissionsForm:
        return PermissionsForm(data, initial={"permissions": sorted(membership.permissions)})


class InviteForm(PermissionsForm):
    """Whom an administrator invites, and what the person may do."""

    email = EmailLineField(
        label=_("Email of the new user"),
        help_text=_("The person gets a link that is good for one account."),
        error_messages={"required": _("Enter the person's email address.")},
    )
    field_order = ["email", "permissions"]


class AcceptForm(NewcomerForm):
    """What an invited person chooses; the email is the invitation's."""

    def __init__(self, data: QueryDict | None = None, *, admission: CompanyLink) -> None:
        name = {part: admission.answers.get(part, "") for part in ("first_name", "last_name")}
        super().__init__(data, initial=name)
        self.admission = admission

    def account(self, typed: dict[str, Any]) -> User:
        user = super().account(typed)
        user.email = self.admission.email
        Membership(user=user, company=self.admission.company)
        return user


class JoinForm(RefusableForm, NameForm, EmailTwiceForm):
    """Somebody asks to join a company."""

    company = LineField(
        label=_("Your company"),
        help_text=_("Its DUNS number, or its legal name exactly as it is registered."),
        max_length=120,
        error_messages={"required": _("Enter your company's DUNS number or legal name.")},
        widget=forms.TextInput({"autocomplete": "organization"}),
    )
    field_order = ["company", "first_name", "last_name", "user_email", "user_email_again"]

    def request(self) -> dict[str, Any]:
        """What joining.ask wants of a valid form."""
        typed = self.cleaned_data
        name = {part: typed[part] for part in ("first_name", "last_name")}
        return {"company_words": typed["company"], "email": typed["user_email"]} | name


class MemberProfileForm(RefusableForm, NameForm, PhoneForm):
    """A third party's user: name and phone. The email has a page of its own, for it must be confirmed."""

    field_order = ["first_name", "last_name", "phone", "phone_extension"]

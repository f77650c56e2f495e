"""The forms of the admin of customers."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from customers.models import Customer, EsiidClaim
from meters.identifiers import normalize_esiid
from meters.models import Premise


class PremiseField(forms.ModelChoiceField):
    """A premise, by its ESIID as people type or paste it."""

    widget = forms.TextInput(attrs={"size": 30})
    default_error_messages = {
        "invalid_choice": _("No premise has this ESIID. Check it, or load the TDSP's premises first.")
    }

    def prepare_value(self, value: Any) -> Any:
        """Return the ESIID for a premise's key; leave what was typed as it is."""
        return Premise.objects.get(pk=value).esiid if isinstance(value, int) else value

    def to_python(self, value: Any) -> Any:
        if value and normalize_esiid(value) is None:
            raise ValidationError(_("Enter an ESIID with 17 or 22 digits."))
        return super().to_python(value and normalize_esiid(value))


class EsiidClaimForm(forms.ModelForm):
    premise = PremiseField(Premise.objects.all(), to_field_name="esiid", label="ESIID")

    class Meta:
        model = EsiidClaim
        fields = ["premise", "until"]
        labels = {"until": _("until (empty if current)")}


class EsiidClaimFormSet(forms.BaseInlineFormSet):
    def clean(self) -> None:
        """Refuse the same ESIID twice: Django checks each row against the database only."""
        super().clean()
        held: set[Premise] = set()
        for form in self.forms:
            premise = form.cleaned_data.get("premise") if form.is_valid() else None
            if premise is None or form.cleaned_data.get("until"):
                continue
            if premise in held:
                form.add_error("premise", _("This ESIID is already in the table. Remove one of the two."))
            held.add(premise)


class CustomerForm(forms.ModelForm):
    class Meta:
        model = Customer
        fields = ["user", "kind", "company_name", "title", "middle_initial", "suffix"]
        help_texts = {"user": _("Someone who does not work for a third party or a TDSP.")}

    def clean_user(self) -> User:
        user: User = self.cleaned_data["user"]
        if user.represents_organization:
            raise ValidationError(
                _("This user works for a third party or a TDSP. Create a separate user for the customer.")
            )
        return user

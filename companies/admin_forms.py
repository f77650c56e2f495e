"""Forms of the third parties' admin."""

from __future__ import annotations

from django import forms
from django.contrib.admin.helpers import ActionForm
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.models import Role, User
from companies.models import Membership


class CompanyActionForm(ActionForm):
    """The list's actions, with the reason that a suspension needs."""

    reason = forms.CharField(
        label=_("Reason of a suspension or refusal, for the company:"), max_length=500, required=False
    )


class MembershipForm(forms.ModelForm):
    class Meta:
        model = Membership
        fields = ["user", *Membership.PERMISSIONS, "approved_at", "ended_at"]
        help_texts = {
            "approved_at": _("Empty: the user asked to join and may do nothing yet."),
            "ended_at": _("Empty: still a user."),
        }

    def clean_user(self) -> User:
        user: User = self.cleaned_data["user"]
        if user.is_staff or user.role == Role.CUSTOMER:
            raise ValidationError(_("This user is a customer or staff. Make a user of its own for the third party."))
        return user

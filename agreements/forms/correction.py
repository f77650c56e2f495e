"""The corrected email of a customer (T15)."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from lib.action_forms import ShowsRefusals
from lib.form_fields import EmailLineField


class CorrectionForm(ShowsRefusals):
    required_messages = {"email": _("Enter the customer's email.")}

    # A browser must neither suggest nor store the customer's data, which is not the user's own.
    email = EmailLineField(label=_("Customer's email"), autocomplete="off")

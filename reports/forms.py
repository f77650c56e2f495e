"""What is typed to check a document (R9)."""

from __future__ import annotations

import re

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from agreements.search import parse_number
from lib.action_forms import ShowsRefusals

SHA256 = re.compile(r"[0-9a-f]{64}")


class DocumentCheckForm(ShowsRefusals):
    required_messages = {
        "number": gettext_lazy("Enter the agreement number."),
        "sha256": gettext_lazy("Enter the SHA-256 of the file."),
    }

    number = forms.CharField(
        label=gettext_lazy("Agreement number"),
        help_text=gettext_lazy("12 digits. It's in the file's name and on the letter."),
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    sha256 = forms.CharField(
        label=gettext_lazy("SHA-256 of the file"),
        help_text=gettext_lazy("64 letters and digits. For a letter on paper, enter the SHA-256 printed on it."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
    )

    def clean_number(self) -> str:
        number = parse_number(self.cleaned_data["number"])
        if number is None:
            raise ValidationError(_("Enter the agreement number with 12 digits."))
        return number

    def clean_sha256(self) -> str:
        sha256 = "".join(self.cleaned_data["sha256"].split()).lower()
        if not SHA256.fullmatch(sha256):
            raise ValidationError(_("Enter the SHA-256 with 64 letters and digits, each 0 to 9 or a to f."))
        return sha256

"""The forms of bulk invitations: the file with the report, and the contact with the attestation (K4)."""

from __future__ import annotations

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from agreements.forms.submission import SubmissionForm
from agreements.models import ReportLength, ReportType
from lib.action_forms import ShowsRefusals

_FROM_FILE = ("", _("As in the file"))


class BulkUploadForm(ShowsRefusals):
    required_messages = {"file": _("Choose a file.")}

    file = forms.FileField(
        label=_("File"),
        help_text=_("CSV in UTF-8 with one row for each meter, at most 500 rows and 1 MB."),
        error_messages={"empty": _("This file is empty.")},
        widget=forms.FileInput({"accept": ".csv,text/csv"}),
    )
    report_type = forms.ChoiceField(
        label=_("Report type"),
        help_text=_("For rows that don't have one."),
        choices=[_FROM_FILE, *ReportType.choices],
        required=False,
    )
    report_length = forms.ChoiceField(
        label=_("Report length"),
        help_text=_("For rows that don't have one."),
        choices=[_FROM_FILE, *ReportLength.choices],
        required=False,
    )

    def clean_file(self) -> UploadedFile:
        file: UploadedFile = self.cleaned_data["file"]
        if (file.size or 0) > settings.BULK_FILE_BYTES:
            raise ValidationError(_("Upload a file of at most 1 MB."))
        return file


class BulkSubmissionForm(SubmissionForm):
    """Page 2 of the form for all rows at once. Comments are in the file."""

    comments = None  # type: ignore[assignment]
    attested = forms.BooleanField(
        label=_(
            "I attest that my company has the authorization of each of these customers, on paper or in electronic "
            "form, to read the customer's energy data."
        )
    )

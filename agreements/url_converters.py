"""The path converter `agreement_number`: a number has exactly twelve digits (L7)."""

from django.urls import register_converter
from django.urls.converters import StringConverter


class AgreementNumberConverter(StringConverter):
    regex = "[0-9]{12}"


register_converter(AgreementNumberConverter, "agreement_number")

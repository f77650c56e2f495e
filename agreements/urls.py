"""The third party's pages about agreements. A number has exactly twelve digits (L7)."""

from django.urls import path, register_converter
from django.urls.converters import StringConverter

from agreements.views import authorization, third_party


class AgreementNumberConverter(StringConverter):
    regex = "[0-9]{12}"


register_converter(AgreementNumberConverter, "agreement_number")

urlpatterns = [
    path("new/", third_party.agreement_new, name="agreement_new"),
    path("new/<uuid:draft>/", third_party.agreement_review, name="agreement_review"),
    path("new/<uuid:draft>/submitted/", third_party.agreement_submitted, name="agreement_submitted"),
    path(
        "<agreement_number:number>/authorization/",
        authorization.agreement_authorization,
        name="agreement_authorization",
    ),
    path("<agreement_number:number>/resend/", third_party.agreement_resend, name="agreement_resend"),
    path("<agreement_number:number>/withdraw/", third_party.agreement_withdraw, name="agreement_withdraw"),
]

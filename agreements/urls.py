"""The third party's pages about agreements. A number has exactly twelve digits (L7)."""

from django.urls import path, register_converter

from agreements.views import authorization, new_agreement, third_party


class AgreementNumberConverter:
    regex = "[0-9]{12}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(AgreementNumberConverter, "agreement_number")

urlpatterns = [
    path("new/", new_agreement.agreement_new, name="agreement_new"),
    path("new/<uuid:draft>/", new_agreement.agreement_review, name="agreement_review"),
    path("new/<uuid:draft>/submitted/", new_agreement.agreement_submitted, name="agreement_submitted"),
    path(
        "<agreement_number:number>/authorization/",
        authorization.agreement_authorization,
        name="agreement_authorization",
    ),
    path("<agreement_number:number>/resend/", third_party.agreement_resend, name="agreement_resend"),
    path("<agreement_number:number>/withdraw/", third_party.agreement_withdraw, name="agreement_withdraw"),
]

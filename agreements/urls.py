"""The third party's pages about agreements."""

from django.urls import path

import agreements.url_converters  # noqa: F401 - registers the converter agreement_number
from agreements.views import authorization, bulk, correction, drafts, third_party

urlpatterns = [
    path("new/", third_party.agreement_new, name="agreement_new"),
    path("new/<uuid:draft>/", third_party.agreement_review, name="agreement_review"),
    path("new/<uuid:draft>/discard/", drafts.agreement_discard, name="agreement_discard"),
    path("new/<uuid:draft>/submitted/", third_party.agreement_submitted, name="agreement_submitted"),
    path("bulk/", bulk.bulk_new, name="bulk_new"),
    path("bulk/template.csv", bulk.bulk_template, name="bulk_template"),
    path("bulk/<uuid:bulk>/", bulk.bulk_invitation, name="bulk_invitation"),
    path("bulk/<uuid:bulk>/results.csv", bulk.bulk_results, name="bulk_results"),
    path("bulk/<uuid:bulk>/cancel/", bulk.bulk_cancel, name="bulk_cancel"),
    path("bulk/<uuid:bulk>/continue/", bulk.bulk_continue, name="bulk_continue"),
    path(
        "<agreement_number:number>/authorization/",
        authorization.agreement_authorization,
        name="agreement_authorization",
    ),
    path("<agreement_number:number>/resend/", third_party.agreement_resend, name="agreement_resend"),
    path("<agreement_number:number>/correct/", correction.agreement_correct, name="agreement_correct"),
    path("<agreement_number:number>/withdraw/", third_party.agreement_withdraw, name="agreement_withdraw"),
]

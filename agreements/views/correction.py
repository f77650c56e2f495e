"""The page on which a third party corrects the customer's email of a submission (T15)."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from agreements.corrections import correct_address
from agreements.forms.correction import CorrectionForm
from agreements.models import Agreement
from agreements.third_party_wording import describe_meter, describe_refusal, why_not_correct
from agreements.transitions import TransitionRefused
from agreements.views.third_party import own_agreements, third_party_page
from companies.views.base import MemberRequest
from lib.action_forms import ActionFormView, ShowsRefusals


class CorrectionPage(ActionFormView):
    """GET shows the form with the present address, POST corrects it."""

    form_class = CorrectionForm
    template_name = "agreements/third_party/correct.html"
    request: MemberRequest
    agreement: Agreement

    def dispatch(self, request: Any, *args: Any, number: str, **kwargs: Any) -> Any:
        agreements = own_agreements(request).with_overdue().select_related("submission")
        self.agreement = get_object_or_404(agreements, number=number)
        if reason := why_not_correct(self.agreement, request.user):
            messages.error(request, reason)
            return redirect("agreement", number)
        return super().dispatch(request, *args, **kwargs)

    def get_initial(self) -> dict[str, Any]:
        return {"email": self.agreement.email}

    def perform(self, form: CorrectionForm) -> str:
        correct_address(self.agreement, form.cleaned_data["email"], by=self.request.user)
        return _("Email corrected. We've sent the request to the new address.")

    def form_valid(self, form: ShowsRefusals) -> HttpResponse:
        try:
            return super().form_valid(form)
        except TransitionRefused as refusal:
            messages.error(self.request, describe_refusal(refusal))
            return redirect(self.get_success_url())

    def get_success_url(self) -> str:
        return reverse("agreement", args=[self.agreement.number])

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        pending = self.agreement.submission.agreements.pending().order_by("number")
        context |= {"agreement": self.agreement, "meters": [describe_meter(each) for each in pending]}
        return super().get_context_data(**context, most=settings.CORRECTIONS_PER_SUBMISSION)


agreement_correct = third_party_page(CorrectionPage.as_view())

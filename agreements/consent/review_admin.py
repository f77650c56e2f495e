"""Reports held because of signals against the consent: staff release or refuse them with a reason (X1)."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import signed_in
from agreements.consent.review import REASON_LENGTH, AlreadyReviewed, review_consent
from agreements.models import Agreement, Review
from lib.scoped_admin import AccessAction, ScopedAdmin


class ConsentReviewForm(forms.Form):
    outcome = forms.ChoiceField(
        label=_("Your decision"),
        choices=[
            (Review.RELEASED, _("Release the report. We'll make it, and the third party can download it.")),
            (Review.REFUSED, _("Refuse the report. There will be no report for this agreement.")),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose whether to release or refuse the report.")},
    )
    reason = forms.CharField(
        label=_("Reason"),
        help_text=_("The customer and the third party will see it."),
        max_length=REASON_LENGTH,
        widget=forms.Textarea(attrs={"rows": 4, "cols": 60}),
        error_messages={"required": _("Enter a reason. Both sides will see it.")},
    )


class ConsentReviewAdmin(ScopedAdmin):
    """An admin of agreements with a page to review one held report."""

    change_form_template = "admin/agreements/agreement/change_form.html"

    def get_urls(self) -> list[URLPattern]:
        review = self.admin_site.admin_view(self.review_view)
        return [path("<int:pk>/review/", review, name="agreements_agreement_review"), *super().get_urls()]

    def review_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show the signals and the form, or record the decision. Another TDSP's agreement is a 404."""
        agreement: Agreement = self.get_object(request, str(pk))
        form = ConsentReviewForm(request.POST or None)
        if agreement.review == Review.HELD and not form.is_valid():
            self.record_view(request, AccessAction.VIEW, agreement)
            context = {
                **self.admin_site.each_context(request),
                "title": gettext("Review the report for agreement %s") % agreement.number,
                "opts": self.opts,
                "original": agreement,
                "signals": agreement.signals.all(),
                "form": form,
            }
            return TemplateResponse(request, "admin/agreements/agreement/review.html", context)
        try:
            if agreement.review != Review.HELD:
                raise AlreadyReviewed(gettext("This report is no longer under review."))
            outcome, reason = Review(form.cleaned_data["outcome"]), form.cleaned_data["reason"]
            agreement = review_consent(agreement, outcome, by=signed_in(request), reason=reason)
            self.log_change(request, agreement, f"Review: {agreement.review}.")
            messages.success(request, gettext("Your decision is recorded. Both sides have been emailed."))
        except AlreadyReviewed as refusal:
            messages.warning(request, str(refusal))
        return HttpResponseRedirect(reverse("admin:agreements_agreement_change", args=[agreement.pk]))

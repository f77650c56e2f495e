"""Reports held for a doubtful consent: staff release or refuse them in the admin, with a reason (X1)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import signed_in
from agreements.consent import review
from agreements.models import Agreement, Review
from lib.scoped_admin import ScopedAdmin


class ReviewForm(forms.Form):
    outcome = forms.ChoiceField(
        label=_("What do you decide?"),
        choices=[
            (Review.RELEASED, _("Release the report. It is made now, and the third party can download it.")),
            (Review.REFUSED, _("Refuse the report. None is ever made under this agreement.")),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose whether to release or to refuse the report.")},
    )
    reason = forms.CharField(
        label=_("Reason"),
        help_text=_("The customer and the third party read it."),
        max_length=review.REASON_LENGTH,
        widget=forms.Textarea(attrs={"rows": 4, "cols": 60}),
        error_messages={"required": _("Enter the reason. Both sides are told it.")},
    )


class ReviewedInAdmin(ScopedAdmin):
    """Mixin for the admin of agreements: a page on which one held report is decided."""

    change_form_template = "admin/agreements/agreement/change_form.html"

    def get_urls(self) -> list[URLPattern]:
        review = self.admin_site.admin_view(self.review_view)
        return [path("<int:pk>/review/", review, name="agreements_agreement_review"), *super().get_urls()]

    def review_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Why the report is held, and the decision. Another TDSP's agreement is a 404."""
        agreement: Agreement = self.get_object(request, str(pk))
        form = ReviewForm(request.POST or None)
        if agreement.review == Review.HELD and not form.is_valid():
            self.record_view(request, "view", agreement)
            return TemplateResponse(
                request, "admin/agreements/agreement/review.html", self._page(request, agreement, form)
            )
        if agreement.review == Review.HELD:
            self._decide(request, agreement, **form.cleaned_data)
        else:
            messages.warning(request, gettext("This report is not held for review any more."))
        return HttpResponseRedirect(reverse("admin:agreements_agreement_change", args=[agreement.pk]))

    def _page(self, request: HttpRequest, agreement: Agreement, form: ReviewForm) -> dict[str, Any]:
        return {
            **self.admin_site.each_context(request),
            "title": gettext("Review the report of agreement %s") % agreement.number,
            "opts": self.opts,
            "original": agreement,
            "signals": agreement.signals.all(),
            "form": form,
        }

    def _decide(self, request: HttpRequest, agreement: Agreement, outcome: str, reason: str) -> None:
        decide = review.release if outcome == Review.RELEASED else review.refuse
        try:
            decided = decide(agreement, by=signed_in(request), reason=reason)
        except review.AlreadyReviewed as refusal:
            messages.warning(request, str(refusal))
            return
        self.log_change(request, decided, f"Review: {decided.review}.")
        messages.success(request, gettext("Decided. Both sides are told by email."))

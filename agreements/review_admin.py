"""The TDSP's queue of reviews: to release held reports, or to refuse them with a reason (D1, X1)."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from accounts.models import signed_in
from agreements.admin_search import by_agreement_number
from agreements.consent_review import AlreadyReviewed, held_agreements, review_consent
from agreements.models import Agreement, ConsentReview, Review
from agreements.review_admin_facts import company_facts, explain_signals, phones_on_record
from lib.admin_columns import one_line, short_day, status_tag, two_lines
from lib.central_time import central_day, utc_or_now
from lib.review_reasons import ReasonField
from lib.scoped_admin import AccessAction, ScopedAdmin


class ConsentReviewForm(forms.Form):
    outcome = forms.ChoiceField(
        label=_("Did the customer accept?"),
        choices=[
            (
                Review.RELEASED,
                _("Yes, release. The third party can download the report of each meter for which there is data."),
            ),
            (Review.REFUSED, _("No, refuse. There will be no report for these agreements. This is final.")),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose whether to release or refuse the report.")},
    )
    reason = ReasonField(help_text=_("The customer and the third party will see it."))


@admin.register(ConsentReview)
class ConsentReviewAdmin(ScopedAdmin):
    """Read-only, the oldest open review first; a review is decided on its own page."""

    tdsp_path = "tdsp"
    change_form_template = "admin/agreements/consentreview/change_form.html"
    list_display = ["customer", "state_tag", "company", "signs", "waiting", "due_on"]
    list_filter = ["state", "opened_at", "tdsp"]
    operators_filters = ("tdsp",)
    list_select_related = ["submission__company", "tdsp"]
    search_kinds = (by_agreement_number("agreements__number"),)
    ordering = [F("decided_at").desc(nulls_first=True), "opened_at", "pk"]
    fields = [
        "state", "links", "company", ("opened_at", "due_on", "escalated_at"), ("decided_at", "reviewer"), "reason",
    ]  # fmt: skip
    readonly_fields = ["links", "company", "due_on", "reviewer"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        link = ("submission__link_nonce", "submission__link_hash")
        reviews = super().get_queryset(request).select_related("submission__company").defer(*link)
        return reviews.prefetch_related("agreements__signals")

    def get_urls(self) -> list[URLPattern]:
        review = self.admin_site.admin_view(self.review_view)
        return [path("<int:pk>/review/", review, name="agreements_consentreview_review"), *super().get_urls()]

    def review_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show the agreements with their signals and the form, or decide. Another TDSP's review is a 404."""
        review: ConsentReview = self.get_object(request, str(pk))
        form = ConsentReviewForm(request.POST or None)
        if review.state == Review.HELD and not form.is_valid():
            self.record_view(request, AccessAction.VIEW, review)
            with_claims = held_agreements(review)
            agreements = [agreement for agreement, _claim in with_claims]
            company = review.submission.company
            context = {
                "opts": self.opts,
                "original": review,
                "form": form,
                "agreements": with_claims,
                "first": agreements and agreements[0],
                "signals": explain_signals(agreements),
                "on_record": phones_on_record(agreements),
                "company": company,
                "facts": company_facts(company, signed_in(request)),
            }
            return TemplateResponse(request, "admin/agreements/consentreview/review.html", context)
        try:
            if review.state != Review.HELD:
                raise AlreadyReviewed(gettext("This report is no longer under review."))
            outcome, reason = Review(form.cleaned_data["outcome"]), form.cleaned_data["reason"]
            review = review_consent(review, outcome, by=signed_in(request), reason=reason)
            self.log_change(request, review, f"Review: {review.state}.")
            if review.submission.company.is_suspended:
                emailed = gettext("We'll email the customer. The company is suspended, so its email is on hold.")
            else:
                emailed = gettext("We'll email the customer, and those in the company who get these emails.")
            messages.success(request, f"{gettext('Your decision is recorded.')} {emailed}")
        except AlreadyReviewed as refusal:
            messages.warning(request, str(refusal))
        return HttpResponseRedirect(reverse("admin:agreements_consentreview_change", args=[review.pk]))

    def log_label(self, record: ConsentReview) -> str:
        return self.numbers(record)

    @admin.display(description=_("customer"))
    def customer(self, review: ConsentReview) -> str:
        """Return who accepted, and below it the agreements' numbers."""
        agreements = self._agreements(review)
        return two_lines(agreements[0].addressee if agreements else "–", self.numbers(review))

    @admin.display(description=_("status"), ordering="state")
    def state_tag(self, review: ConsentReview) -> str:
        return status_tag(review.state, review.get_state_display())

    @admin.display(description=_("warning signs"))
    def signs(self, review: ConsentReview) -> str:
        signals = explain_signals(self._agreements(review))
        return format_html_join("", "{}<br>", ((signal.label,) for signal in signals))

    @admin.display(description=_("agreements"))
    def numbers(self, review: ConsentReview) -> str:
        return ", ".join(agreement.number for agreement in self._agreements(review))

    @admin.display(description=_("agreements"))
    def links(self, review: ConsentReview) -> str:
        agreements = self._agreements(review)
        urls = ((reverse("admin:agreements_agreement_change", args=[each.pk]), each.number) for each in agreements)
        return format_html("<ul>{}</ul>", format_html_join("", '<li><a href="{}">{}</a></li>', urls))

    @admin.display(description=_("company"))
    def company(self, review: ConsentReview) -> str:
        return review.submission.company.legal_name

    @admin.display(description=_("waiting"), ordering="opened_at")
    def waiting(self, review: ConsentReview) -> str:
        """Return how long the review has been open, or when it was decided."""
        if review.decided_at:
            return two_lines(short_day(central_day(review.decided_at)), _("decided"))
        days = (central_day(utc_or_now()) - central_day(review.opened_at)).days
        return one_line(ngettext("%d day", "%d days", days) % days)

    @admin.display(description=_("decide until"))
    def due_on(self, review: ConsentReview) -> str:
        if review.state != Review.HELD:
            return ""
        return two_lines(short_day(review.last_day), _("operators decide") if review.escalated_at else "")

    @admin.display(description=_("decided by"))
    def reviewer(self, review: ConsentReview) -> str:
        """Return the name, without a link: an operator's record is not shown to a TDSP's staff."""
        return str(review.decided_by or "–")

    def _agreements(self, review: ConsentReview) -> list[Agreement]:
        """Return those about meters that are still the TDSP's (D1), without a further query."""
        agreements = cast("list[Agreement]", list(review.agreements.all()))
        return sorted((each for each in agreements if each.tdsp_id == review.tdsp_id), key=lambda each: each.number)

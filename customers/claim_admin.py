"""The TDSP's queue of claims: to confirm or to refuse with a reason, and disputes to decide (X7)."""

from __future__ import annotations

from typing import Any, NamedTuple

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from accounts.admin import by_person
from accounts.models import signed_in
from customers.claim_review import ClaimChanged, decide_claim
from customers.models import ClaimDecision, ClaimDispute, ClaimSignal, ClaimState, EsiidClaim
from lib.admin_columns import short_day, short_time, status_tag, two_lines
from lib.admin_search import by_email
from lib.central_time import central_day, utc_or_now
from lib.review_reasons import ReasonField
from lib.scoped_admin import AccessAction, ScopedAdmin
from meters.admin_search import by_address, by_esiid, by_meter_number
from meters.identifiers import VISIBLE_DIGITS

INNOCENCE: dict[str, Promise] = {
    ClaimSignal.MAILBOX: _("People who work for a company can be customers too, with their own home's meter."),
    ClaimSignal.DOMAIN: _("The customer may work for the company, or share its domain as a family business."),
    ClaimSignal.NETWORK: _("The customer may have registered in the company's office or on the same mobile network."),
    ClaimSignal.BROWSER: _("The customer may have registered on a salesperson's device."),
    ClaimSignal.CONSENT: _("The review may be about another meter, or still be open."),
}


class ClaimReviewForm(forms.Form):
    decision = forms.ChoiceField(
        label=_("Does the meter belong to this customer?"),
        choices=[
            (ClaimDecision.CONFIRMED, _("Yes, confirm. The customer who has the ESIID can see all of its usage.")),
            (ClaimDecision.REFUSED, _("No, refuse. The ESIID is removed from the account right away.")),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose whether to confirm or refuse the claim.")},
    )
    reason = ReasonField(help_text=_("Everyone concerned will see it."))
    dispute = forms.IntegerField(required=False, widget=forms.HiddenInput)


class QueueFilter(admin.SimpleListFilter):
    title = _("review")
    parameter_name = "queue"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("open", _("Claims to review")), ("disputed", _("Disputed"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == "disputed":
            return queryset.filter(until=None, disputed_at__isnull=False)
        if self.value() == "open":
            return queryset.filter(pk__in=EsiidClaim.objects.awaiting_decision().values("pk"))
        return queryset


@admin.register(EsiidClaim)
class EsiidClaimAdmin(ScopedAdmin):
    """Read-only; a claim is confirmed or refused on its own page."""

    tdsp_path = "premise__tdsp"
    change_form_template = "admin/customers/esiidclaim/change_form.html"
    list_display = ["esiid_and_address", "customer_and_email", "state_now", "waiting_since", "due_on", "claimed"]
    list_filter = [QueueFilter, "decision"]
    list_select_related = ["premise", "customer__user"]
    search_kinds = (
        by_esiid("premise__esiid"),
        by_meter_number("premise"),
        by_address("premise"),
        by_email("customer__user__email"),
        by_person("customer__user"),
    )
    ordering = ["since", "pk"]
    fields = [
        "esiid", "customer_name", "email", ("since", "until"), "state_now", ("provider_entered", "provider_matches"),
        "warning_signs", ("decision", "decided_at", "decided_by"), "decision_reason",
    ]  # fmt: skip
    readonly_fields = ["esiid", "customer_name", "email", "state_now", "warning_signs"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        claims: Any = super().get_queryset(request)
        records: QuerySet[Any] = claims.with_state().defer("link_nonce", "link_hash")
        return records

    def get_urls(self) -> list[URLPattern]:
        review = self.admin_site.admin_view(self.review_view)
        return [path("<int:pk>/review/", review, name="customers_esiidclaim_review"), *super().get_urls()]

    def review_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show what is known about the claim and the form, or record the decision. Another TDSP's claim is a 404."""
        claim: EsiidClaim = self.get_object(request, str(pk))
        dispute = ClaimDispute.objects.filter(claim=claim, decided_at=None).select_related("customer__user").first()
        form = ClaimReviewForm(request.POST or None, initial={"dispute": dispute and dispute.pk})
        if claim.until is None and not form.is_valid() and (dispute or not claim.decision):
            self.record_view(request, AccessAction.VIEW, claim)
            context = {"form": form, "original": claim, "dispute": dispute, "opts": self.opts}
            context |= {"signs": explain_signs(claim.signals)}
            context |= {"dispute_signs": explain_signs(dispute.signals) if dispute else []}
            return TemplateResponse(request, "admin/customers/esiidclaim/review.html", context)
        try:
            if not form.is_valid():
                raise ClaimChanged(gettext("This claim has already been decided."))
            decision, reason = ClaimDecision(form.cleaned_data["decision"]), form.cleaned_data["reason"]
            dispute_id = form.cleaned_data["dispute"]
            decide_claim(claim.pk, decision, by=signed_in(request), reason=reason, dispute_id=dispute_id)
            self.log_change(request, claim, f"Claim: {decision}.")
            messages.success(request, gettext("Your decision is recorded. Everyone concerned has been emailed."))
        except ClaimChanged as refusal:
            messages.warning(request, str(refusal))
        return HttpResponseRedirect(reverse("admin:customers_esiidclaim_change", args=[claim.pk]))

    def log_label(self, record: EsiidClaim) -> str:
        return str(record.premise)

    @admin.display(description="ESIID", ordering="premise__esiid")
    def esiid(self, claim: EsiidClaim) -> str:
        return claim.premise.esiid

    @admin.display(description="ESIID", ordering="premise__esiid")
    def esiid_and_address(self, claim: EsiidClaim) -> str:
        return two_lines("…" + claim.premise.esiid[-VISIBLE_DIGITS:], claim.premise.service_address)

    @admin.display(description=_("customer"), ordering="customer__user__last_name")
    def customer_and_email(self, claim: EsiidClaim) -> str:
        return two_lines(claim.customer, claim.customer.user.email)

    @admin.display(description=_("claimed"), ordering="since")
    def claimed(self, claim: EsiidClaim) -> str:
        return short_time(claim.since)

    @admin.display(description=_("customer"), ordering="customer__user__last_name")
    def customer_name(self, claim: EsiidClaim) -> str:
        return str(claim.customer)

    @admin.display(description=_("email"))
    def email(self, claim: EsiidClaim) -> str:
        return claim.customer.user.email

    @admin.display(description=_("state"))
    def state_now(self, claim: EsiidClaim) -> str:
        return status_tag("", _("Ended")) if claim.until else status_tag(claim.state, claim.state.label)

    @admin.display(description=_("waiting"))
    def waiting_since(self, claim: EsiidClaim) -> str:
        """Return how many days the utility has had, if it has to decide."""
        if not self._awaits_decision(claim):
            return ""
        days = (central_day(utc_or_now()) - central_day(claim.disputed_at or claim.since)).days
        return ngettext("%d day", "%d days", days) % days

    @admin.display(description=_("decide until"))
    def due_on(self, claim: EsiidClaim) -> Any:
        return short_day(claim.review_due_on) if self._awaits_decision(claim) else ""

    @admin.display(description=_("warning signs"))
    def warning_signs(self, claim: EsiidClaim) -> str:
        return "; ".join(str(sign.label) for sign in explain_signs(claim.signals)) or "–"

    def _awaits_decision(self, claim: EsiidClaim) -> bool:
        waits = (ClaimState.DISPUTED, ClaimState.SUSPECTED, ClaimState.PROVIDER_UNKNOWN)
        return claim.until is None and claim.state in waits


class ExplainedSign(NamedTuple):
    """A warning sign, and what an honest customer's reason can be."""

    label: Any
    innocence: Promise


def explain_signs(signals: list[str]) -> list[ExplainedSign]:
    return [ExplainedSign(ClaimSignal(signal).label, INNOCENCE[signal]) for signal in signals]

"""What a reviewer reads beside the form: each signal in plain words, phones, and facts about the company (X1)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db.models import Count
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from agreements.models import Agreement, ConsentReview, Review, SignalKind
from companies.models import Company, CompanyEventKind
from customers.models import EsiidClaim
from lib.central_time import utc_or_now

RECENT = timedelta(days=30)
COUNTED = 1000  # of the requests of a company; more are "1,000 or more"

# What a signal means, and what an honest customer's reason can be.
EXPLANATIONS: dict[str, tuple[Promise, Promise]] = {
    SignalKind.OWN_USER: (
        _("The request went to an email address that a user of the company signs in with here."),
        _("People who work for a company can be customers too, and ask for their own home's data."),
    ),
    SignalKind.OWN_DOMAIN: (
        _("The request went to the company's own email domain, so the company may be able to read the mailbox."),
        _("The customer may work for the company, or share its domain as a family business."),
    ),
    SignalKind.SAME_ADDRESS: (
        _("The company gave one email address for homes at three or more service addresses."),
        _("A landlord, or someone who helps relatives, can have several homes."),
    ),
    SignalKind.SAME_DOMAIN: (
        _("The company gave addresses of one uncommon email domain for three or more homes."),
        _("A family or a property manager can have a private email domain."),
    ),
    SignalKind.NETWORK: (
        _("The answer came from an internet address that the company's users also used."),
        _("The customer may have answered in the company's office or on the same mobile network."),
    ),
    SignalKind.BROWSER: (
        _("The answer came from a browser that the company's users also used."),
        _("The customer may have answered on a salesperson's device. Ask whether it was their own choice."),
    ),
    SignalKind.TOO_FAST: (
        _("The answer came less than two seconds after the page opened, or the page was never opened."),
        _("Someone who had already decided may answer right away, but rarely within two seconds."),
    ),
    SignalKind.OTHER_HOLDER: (
        _("Since the request, the ESIID has moved to a different customer's account."),
        _("The customer may have moved, or someone else in the household has the account."),
    ),
    SignalKind.UNCONFIRMED: (
        _("The customer who accepted has claimed this ESIID, and the claim isn't confirmed yet."),
        _("Most claims are honest and only wait for your decision or for 72 hours to pass."),
    ),
    SignalKind.DISAVOWED: (
        _("The customer used “This wasn't me” in the confirmation email or on its page."),
        _("The customer may have forgotten the request, or someone else in the household accepted it."),
    ),
}


@dataclass
class ExplainedSignal:
    """A signal with the numbers of the agreements that have it."""

    label: str
    meaning: Promise
    innocence: Promise
    numbers: list[str] = field(default_factory=list)


def explain_signals(agreements: list[Agreement]) -> list[ExplainedSignal]:
    """Return each kind of signal once, in the order in which they were found."""
    explained: dict[str, ExplainedSignal] = {}
    for agreement in agreements:
        for signal in agreement.signals.all():
            meaning, innocence = EXPLANATIONS[signal.kind]
            one = explained.setdefault(signal.kind, ExplainedSignal(signal.get_kind_display(), meaning, innocence))
            one.numbers.append(agreement.number)
    return list(explained.values())


def phones_on_record(agreements: list[Agreement]) -> dict[int, User]:
    """Return the users whose accounts hold the premises now, by premise: the phones there are not the company's."""
    claims = EsiidClaim.objects.confirmed().filter(premise__in=[agreement.premise_id for agreement in agreements])
    return {claim.premise_id: claim.customer.user for claim in claims.select_related("customer__user")}


def company_facts(company: Company, user: User) -> dict[str, Any]:
    """Return since when the company is approved and what the reviewer may know of its requests and reviews (D1)."""
    approved = company.events.filter(kind=CompanyEventKind.APPROVED).order_by("at").values_list("at", flat=True).first()
    recent = Agreement.objects.visible_to(user).filter(company=company, initiated_at__gt=utc_or_now() - RECENT)
    reviews = ConsentReview.objects.visible_to(user).filter(submission__company=company)
    by_state = dict(reviews.order_by().values_list("state").annotate(Count("pk")))
    return {
        "approved_at": approved,
        "requests": recent.order_by().values("pk")[:COUNTED].count(),
        "counted": COUNTED,
        "reviews": sum(by_state.values()),
        "refused": by_state.get(Review.REFUSED, 0) + by_state.get(Review.UNREVIEWED, 0),
    }

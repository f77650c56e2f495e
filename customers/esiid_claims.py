"""Claiming an ESIID: what must match our records, what speaks against a claim, and the claim itself (C3, X7).

Every failure gets the same answer after the same queries, so that the form cannot be used to look people up. An ESIID
that another account has is no failure: a person who knows all three facts may dispute that account's claim. Failures
are counted for the ESIID and for the network (X2).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from accounts import rate_limits
from accounts.rate_limits import Limit, LimitReached
from companies.models import FingerprintKind
from companies.trust.fingerprints import Fingerprints, match_fingerprints
from companies.trust.people import is_company_domain, is_company_mailbox
from customers.models import ClaimSignal, Customer, EsiidClaim, FailedClaim
from lib import link_tokens
from lib.refusals import Problem, Refused
from meters.identifiers import mask_esiid, provider_name_key
from meters.models import ElectricityProvider

# A provider on record whose name is not in the directory counts as not known, because the form does not offer it.
_MATCH = """
SELECT premise.id, meter.id IS NOT NULL AND sandbox.id IS NULL, claim.customer_id,
    premise.provider_number <> '' AND premise.provider_number = ANY(claimed.directory),
    premise.provider_number = ANY(claimed.providers)
FROM (
    SELECT %(esiid)s::text AS esiid, %(meter)s::text AS meter_number, %(providers)s::text[] AS providers,
        %(directory)s::text[] AS directory
) AS claimed
LEFT JOIN meters_premise premise ON premise.esiid = claimed.esiid
LEFT JOIN meters_meter meter
    ON meter.premise_id = premise.id AND meter.number = claimed.meter_number AND meter.removed_on IS NULL
LEFT JOIN customers_esiidclaim claim ON claim.premise_id = premise.id AND claim.until IS NULL
LEFT JOIN meters_tdsp sandbox ON sandbox.id = premise.tdsp_id AND sandbox.is_sandbox
LIMIT 1
"""


@dataclass(frozen=True)
class ClaimedMeter:
    """A meter that someone claims: ESIID and meter number, both normalized, and the provider's name as entered."""

    esiid: str
    meter_number: str
    provider: str = ""

    @property
    def masked_esiid(self) -> str:
        return mask_esiid(self.esiid)


@dataclass(frozen=True)
class MatchedMeter:
    """A claimed meter that matches our records; `holder_id` is the customer who has it, or None."""

    premise_id: int
    provider_entered: str
    provider_matches: bool  # false: no provider is on record
    holder_id: int | None = None

    def columns(self) -> dict[str, Any]:
        """Return the columns that a registration, a claim and a dispute have in common."""
        return {"provider_entered": self.provider_entered, "provider_matches": self.provider_matches}


def match_meter(meter: ClaimedMeter, *, network: str, at: datetime | None = None) -> MatchedMeter:
    """Return what is on record about `meter` if everything entered is right. Raises Refused.

    Runs in its own transaction, so that a failure is counted although nothing else is recorded.
    """
    period = settings.FAILED_CLAIM_PERIOD
    failures = [
        Limit("failed-claim-network", network, settings.FAILED_CLAIMS_PER_NETWORK),
        Limit("failed-claim-esiid", meter.esiid, settings.FAILED_CLAIMS_PER_ESIID, period),
    ]
    successes = Limit("claims-network", network, settings.CLAIMS_PER_NETWORK)
    message = _(
        "Too many entries didn't match our records, or too many meters were added from your network. Try again after "
        "%s, or contact your utility. Its name is on your electricity bill."
    )
    numbers: dict[str, list[str]] = {}
    for number, name in ElectricityProvider.objects.values_list("certificate_number", "name"):
        numbers.setdefault(provider_name_key(name), []).append(number)
    values: dict[str, Any] = {
        "esiid": meter.esiid,
        "meter": meter.meter_number,
        "providers": numbers.get(provider_name_key(meter.provider), []),
        "directory": [number for same_name in numbers.values() for number in same_name],
    }
    with transaction.atomic():
        rate_limits.lock_subjects([*failures, successes])
        with rate_limits.refuse_with(message):
            rate_limits.check([*failures, successes], at=at)
        with connection.cursor() as cursor:
            cursor.execute(_MATCH, values)
            premise_id, has_meter, holder_id, is_provider_known, provider_matches = cursor.fetchone()
        is_match = has_meter and (provider_matches or not is_provider_known)
        rate_limits.record_hits([successes] if is_match else failures, at=at)
        if not is_match:
            FailedClaim.objects.create(at=at or Now(), esiid=meter.esiid)
        try:
            rate_limits.check(failures[1:], at=at)
            may_try_again = True
        except LimitReached:
            may_try_again = False
    if not is_match:
        raise _mismatch(may_try_again)
    return MatchedMeter(premise_id, meter.provider, bool(provider_matches), holder_id)


def find_signals(address: str, fingerprints: Fingerprints) -> set[ClaimSignal]:
    """Return what speaks against a claim by the owner of `address`: the traits of any company's people (X7)."""
    kinds = match_fingerprints(None, fingerprints)
    signals = {
        ClaimSignal.MAILBOX: is_company_mailbox(address),
        ClaimSignal.DOMAIN: is_company_domain(address),
        ClaimSignal.NETWORK: FingerprintKind.NETWORK in kinds,
        ClaimSignal.BROWSER: FingerprintKind.BROWSER in kinds,
    }
    return {signal for signal, is_found in signals.items() if is_found}


def claim_premise(
    customer: Customer, matched: MatchedMeter, *, signals: Iterable[ClaimSignal] = (), at: datetime | None = None
) -> EsiidClaim | None:
    """Create the claim of `customer`; None if another account has the premise."""
    nonce = link_tokens.new_nonce()
    try:
        with transaction.atomic():
            return EsiidClaim.objects.create(
                customer=customer,
                premise_id=matched.premise_id,
                since=at or Now(),
                signals=sorted(signals),
                link_nonce=nonce,
                link_hash=link_tokens.hash_token(link_tokens.derive_token(nonce, link_tokens.ACCOUNT_LINK)),
                **matched.columns(),
            )
    except IntegrityError:
        return None


def own_meter() -> Refused:
    return Refused(Problem(_("This meter is already in your account."), "esiid", code="own"))


def _mismatch(may_try_again: bool) -> Refused:
    """Return the one answer to every failure: the possible causes, without saying which."""
    causes = (
        _("The ESIID is incorrect."),
        _("The meter number is incorrect."),
        _("The ESIID and the meter number don't match each other."),
        _("The electricity provider is not the one that your utility has on record for this address."),
        _(
            "There is no smart meter yet. A digital display alone doesn't make a meter smart. Your "
            "electricity provider can tell you which kind you have."
        ),
        _("The meter was installed less than 60 days ago, and its data is not available yet."),
    )
    message = _("The ESIID, meter number, and electricity provider don't match our records.")
    if may_try_again:
        limit = _("You can try once more for this ESIID.")
    else:
        limit = _("You can't try this ESIID again for 30 days. Contact your utility to add it to an account.")
    return Refused(Problem(f"{message} {limit}", "esiid", causes=causes, code="mismatch"))


def name_meter(claim: EsiidClaim, name: str) -> None:
    """Store what the customer calls the meter; an empty name removes it (C5)."""
    EsiidClaim.objects.filter(pk=claim.pk).update(meter_name=name)

"""“I don't know this company”: no more emails from that company to that mailbox (C8).

Enough such answers pause the company's new requests until an operator has looked.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.conf import settings

from accounts.models import User
from agreements import emails
from agreements.consent_review import reviewers_of
from agreements.models import Agreement, ContactStop, EventKind
from agreements.models.contact_stop import mailbox_hashes
from agreements.states import Channel
from agreements.transitions import record_event
from companies.models import Company
from companies.request_pauses import pause_requests
from notifications.actions import withhold_emails


def stop_contact(
    agreements: Sequence[Agreement],
    company: Company,
    addresses: Sequence[str],
    *,
    counts: bool,
    by: User | None,
    channel: Channel,
    at: datetime,
) -> None:
    """Record the reason of `agreements`, which were rejected, stop the emails and tell the TDSPs.

    `counts`: toward the pause. Needs a transaction with `company` and the mailboxes of `addresses` locked, so that no
    request to them is created meanwhile. Other pending requests can still be answered by their links, and expire.
    """
    for agreement in agreements:
        record_event(agreement, EventKind.COMPANY_UNKNOWN, at=at, by=by, channel=channel)
    for address in addresses:
        if not ContactStop.objects.of_mailbox(company.pk, address).update(at=at, counts=counts):
            ContactStop.objects.create(company=company, mailbox_hash=mailbox_hashes(address)[0], at=at, counts=counts)
        _withhold_emails(company, address, at)
    counted = ContactStop.objects.counted(company, at=at).count()
    if company.requests_paused_at is None and counted >= settings.UNKNOWN_COMPANY_LIMIT:
        pause_requests(company, answer_count=counted, at=at)
    for tdsp_id in sorted({agreement.tdsp_id for agreement in agreements}):
        of_tdsp = [agreement for agreement in agreements if agreement.tdsp_id == tdsp_id]
        emails.queue_unknown_company(of_tdsp, reviewers_of(of_tdsp[0]), is_paused=bool(company.requests_paused_at))


def _withhold_emails(company: Company, address: str, at: datetime) -> None:
    """Don't send what waits for this mailbox because of what the company did."""
    agreements = Agreement.objects.filter(company=company).to_mailbox(address)
    numbers = list(agreements.values_list("number", flat=True))
    withhold_emails(numbers, emails.SENT_FOR_COMPANY, at=at)

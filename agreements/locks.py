"""The locks of agreement actions. Each lasts until the transaction ends.

Actions that take several take them in the order of this module, so that no two of them wait for each other.
"""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.conf import settings

import companies.permissions
from accounts import rate_limits
from accounts.models import User
from agreements.models import Agreement, Draft, Submission
from companies.trust.email_identity import normalize_mailbox
from meters.models import Premise


def lock_draft(draft_id: UUID, user: User) -> Draft:
    """Return the user's draft, for one submission of it at a time (T9). Raises Draft.DoesNotExist."""
    return Draft.objects.select_for_update().get(pk=draft_id, user=user)


# Limits of a company are checked, and its standing is changed, by one transaction at a time (X2, D1).
lock_company = companies.permissions.lock_company
# An acceptance needs a company that stays as it is; many acceptances go on at once (L9).
lock_standing = companies.permissions.lock_standing


def lock_mailbox(*addresses: str) -> None:
    """Lock customers' mailboxes for one check of what they are sent in a day at a time (X2)."""
    most = settings.INITIATIONS_PER_ADDRESS
    rate_limits.lock_subjects(
        rate_limits.Limit("customer-mailbox", normalize_mailbox(address), most) for address in addresses
    )


def lock_premises(premise_ids: Iterable[int]) -> None:
    """Lock premises for one count of a company's agreements about them at a time (L5, L6)."""
    list(Premise.objects.select_for_update(no_key=True).filter(pk__in=premise_ids).order_by("pk").values_list("pk"))


def lock_submission(submission_id: int) -> Submission:
    """Return the row of a submission, for one customer's answer or one correction at a time (C10, T15)."""
    return Submission.objects.select_for_update(no_key=True).get(pk=submission_id)


def lock_agreements_of(submission: Submission) -> list[Agreement]:
    """Return the current rows of a submission's agreements, which nothing else ends meanwhile (T15)."""
    return list(submission.agreements.select_for_update(no_key=True).order_by("number"))


def lock_agreement(agreement: Agreement) -> Agreement:
    """Return the current row of `agreement`, for one reminder of it at a time (L4)."""
    return Agreement.objects.select_for_update(no_key=True).get(pk=agreement.pk)

"""What a user of a third party chooses about emails (T17)."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction
from django.utils.translation import gettext as _

from agreements.models import CompanyEmail, EmailTiming, NotificationSettings
from companies.models import Membership
from lib.refusals import Problem, Refused


@transaction.atomic
def change_settings(membership: Membership, *, covers_company: bool, timings: Mapping[str, str]) -> None:
    """Store when the user gets each kind of CompanyEmail; `covers_company`: about all agreements of the company.

    Raises Refused without the permission to view agreements, because the emails name customers.
    """
    if covers_company and not membership.may_view:
        message = _("You can choose all agreements only if you have permission to view agreements.")
        raise Refused(Problem(message, field="covers_company"))
    by_timing: dict[str, list[str]] = {
        timing: [kind for kind in CompanyEmail.values if timings[kind] == timing] for timing in EmailTiming.values
    }
    values = {"daily_kinds": by_timing[EmailTiming.DAILY], "off_kinds": by_timing[EmailTiming.OFF]}
    NotificationSettings.objects.update_or_create(
        membership=membership, defaults={"covers_company": covers_company, **values}
    )

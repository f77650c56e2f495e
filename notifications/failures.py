"""Why an email was not delivered: a code, and a sentence for the third party and staff."""

from __future__ import annotations

import re

from django.db import models
from django.utils.translation import gettext_lazy as _


class FailureReason(models.TextChoices):
    REFUSED = (
        "refused",
        _("The email server refused the message. The address may be wrong, or the mailbox may be closed or full."),
    )
    DEFERRED = "deferred", _("We tried for two days but couldn't deliver it.")  # the server is there and says "later"
    UNREACHABLE = "unreachable", _("We tried for two days but couldn't deliver it.")
    SENDER_REJECTED = "sender_rejected", _("We tried for two days but couldn't deliver it.")  # by our own mail server
    UNCERTAIN = "uncertain", _("The connection broke twice while we were sending the email. It may have arrived.")
    SUSPENDED = "suspended", _("The company was suspended for longer than we keep unsent emails.")  # L9
    TOO_LATE = "too_late", _("The deadline had passed before we could send it.")
    STOPPED = "stopped", _("The customer doesn't want emails from the company.")  # C8
    CORRECTED = "corrected", _("The customer's address was corrected before we could send it.")  # T15
    REMINDERS_STOPPED = "no_reminders", _("The customer stopped the reminders.")  # C12
    LEFT = "left", _("The recipient no longer gets your company's emails.")  # T17
    UNWRITABLE = "unwritable", _("The message couldn't be turned into an email.")
    # Only from bounces (E7).
    NO_SUCH_ADDRESS = "no_such_address", _("The address does not exist.")
    MAILBOX_FULL = "mailbox_full", _("The mailbox is full.")
    EXPIRED = "expired", _("The recipient's email server could not be reached for several days.")


def reply_code(reply: str) -> str:
    """Return the codes of a mail server's `reply`: its words can name the recipient (X4)."""
    codes = re.search(r"\b[245]\d\d(?:[ -][245]\.\d{1,3}\.\d{1,3})?\b", reply)
    return codes.group() if codes else ""

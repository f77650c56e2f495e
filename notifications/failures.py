"""Why an email was not delivered: a code, and a sentence for the third party and staff."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class FailureReason(models.TextChoices):
    REFUSED = (
        "refused",
        _("The mail server of this address refused it. The address may be wrong, or its mailbox closed or full."),
    )
    DEFERRED = "deferred", _("The portal tried for two days and could not deliver it.")
    UNREACHABLE = "unreachable", _("The portal tried for two days and could not deliver it.")
    UNCERTAIN = "uncertain", _("The connection broke twice while the email was sent. It may have arrived.")
    UNWRITABLE = "unwritable", _("The portal could not write it as an email.")

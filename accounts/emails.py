"""The emails about accounts: one function and two templates each (section 5, C3)."""

from __future__ import annotations

import uuid
from typing import Any

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from notifications.actions import queue_email
from notifications.outgoing import FixedLink, OutgoingEmail


def second_factor_removed(owner: User) -> None:
    """ACCOUNT_CHANGED to somebody whose lost second factor an operator removed."""
    happening = _("The operator of this portal turned off your two-step sign-in. Set it up again after you sign in.")
    about_account(
        "ACCOUNT_CHANGED",
        to=owner.email,
        language=owner.language,
        subject=_("Your account was changed"),
        context={"happening": happening, "timestamp": timezone.now()},
    )


def about_account(
    kind: str, *, to: str, language: str, subject: str | Promise, context: dict[str, Any], link: str | None = None
) -> None:
    """One email of its own about an account; the template is named as `kind`. Call it inside a transaction.

    `link` lets its owner in: the templates show it as `link_url`, and the row keeps it encrypted.
    """
    queue_email(
        OutgoingEmail(
            key=f"{kind}:{uuid.uuid4()}",
            kind=kind,
            to=to,
            language=language,
            subject=subject,
            context=context,
            link=FixedLink(link) if link else None,
        )
    )

"""The emails about accounts: one function and two templates each (C3)."""

from __future__ import annotations

import uuid
from typing import Any

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from notifications.actions import AccountLink, FixedLink, OutgoingEmail, queue_email
from notifications.models import Priority

Link = AccountLink | FixedLink


def send_second_factor_removed(owner: User) -> None:
    """Queue ACCOUNT_CHANGED to the user whose lost second factor an operator removed."""
    happening = _("The operator of this portal turned off your two-step sign-in. Set it up again after you sign in.")
    subject, context = _("Your account was changed"), {"happening": happening, "timestamp": timezone.now()}
    send_account_email("ACCOUNT_CHANGED", to=owner.email, language=owner.language, subject=subject, context=context)


def send_account_email(
    kind: str,
    *,
    to: str,
    language: str,
    subject: str | Promise,
    context: dict[str, Any],
    link: Link | None = None,
    template: str = "",
) -> None:
    """Queue one email about an account, with `template` or that of `kind`. Call it inside a transaction."""
    priority = Priority.URGENT if link else Priority.NORMAL
    fields: dict[str, Any] = {"to": to, "language": language, "subject": subject, "context": context}
    fields |= {"link": link, "template": template, "priority": priority}
    queue_email(OutgoingEmail(kind=kind, key=f"{kind}:{uuid.uuid4()}", **fields))

"""Queue an email, forget old bodies, try failed emails again. `delivery` hands them over to the mail server."""

from __future__ import annotations

import logging
import re
import secrets
import uuid
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.validators import validate_email
from django.db import transaction
from django.db.models.functions import Now
from django.template import engines
from django.utils import timezone, translation

from lib.central_time import CENTRAL
from notifications.models import Email, EmailState
from notifications.outgoing import OutgoingEmail
from notifications.plain_text import one_line
from notifications.wakeup import wake_workers

logger = logging.getLogger(__name__)

SUBJECT_LENGTH = 200


def queue_email(outgoing: OutgoingEmail) -> None:
    """Write one email into the outbox, in the transaction of the change that causes it (E2).

    Both templates are rendered now, in the email's language and Central time, with its context plus `origin`,
    `site_name` and `language`. A link is rendered as a random placeholder, which opens nothing; the real one replaces
    it when the email is sent (X5).

    Raises RuntimeError outside a transaction, ValidationError for an address that no email can go to, ValueError for an
    attachment that is not a PDF and for a template that leaves the link out.
    """
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("queue_email needs a transaction: call it inside transaction.atomic(), beside the change.")
    validate_email(outgoing.to)
    attachment_name, attachment = outgoing.attachment or ("", None)
    if attachment is not None and not (attachment_name.endswith(".pdf") and attachment.startswith(b"%PDF-")):
        raise ValueError("Only a PDF can be attached: a name that ends in .pdf and its bytes.")
    template = f"emails/{outgoing.template or outgoing.kind}"
    context = {
        **outgoing.context,
        "origin": settings.PORTAL_ORIGIN,
        "site_name": settings.SITE_NAME,
        "language": outgoing.language,
    }
    placeholder = ""
    if outgoing.link:
        placeholder = context[outgoing.link.variable] = secrets.token_urlsafe(32)
    with translation.override(outgoing.language), timezone.override(CENTRAL):
        subject = one_line(outgoing.subject, SUBJECT_LENGTH)
        text = _render("text", f"{template}.txt", context)
        html = _render("django", f"{template}.html", context)
    if outgoing.link and not (placeholder in text and placeholder in html):
        raise ValueError(f"{template} has a link; .txt and .html must both show {{{{ {outgoing.link.variable} }}}}.")
    email = Email(
        key=outgoing.key,
        kind=outgoing.kind,
        about=outgoing.about,
        to_address=outgoing.to,
        language=outgoing.language,
        subject=subject,
        text=re.sub(r"\n{3,}", "\n\n", text).strip() + "\n",
        html=html,
        attachment_name=one_line(attachment_name, 100),
        attachment=attachment,
        placeholder=placeholder,
        **(outgoing.link.columns() if outgoing.link else {}),
        message_id=uuid.uuid4().hex,
    )
    # ON CONFLICT DO NOTHING: of two transactions that queue one key, the second waits for the first and writes nothing.
    Email.objects.bulk_create([email], ignore_conflicts=True)
    wake_workers("email queued")


def retry_failed(email: Email, *, by: AbstractBaseUser, at: datetime | None = None) -> bool:
    """Queue a failed email again, as if it were new. Returns False if it has not failed or its body was forgotten.

    It keeps its Message-ID: a mail program that already has it shows it once.
    """
    moment = at or Now()
    with transaction.atomic():
        retried = Email.objects.filter(pk=email.pk, state=EmailState.FAILED, body_forgotten_at=None).update(
            state=EmailState.QUEUED, queued_at=moment, due_at=moment, failed_at=None, attempts=0, uncertain_attempts=0
        )
        if retried:
            wake_workers("email queued")
            logger.info("Email %s is tried again, by user %s.", email.pk, by.pk)
    return bool(retried)


def forget_bodies(*, at: datetime | None = None) -> int:
    """Empty sent and failed emails settings.EMAIL_BODY_RETENTION after they were queued (X6); return their number.

    The record that an email was sent, about what and when, stays.
    """
    moment = at or Now()
    old = Email.objects.filter(
        body_forgotten_at=None,
        state__in=[EmailState.SENT, EmailState.FAILED],
        queued_at__lt=moment - settings.EMAIL_BODY_RETENTION,
    )
    return old.update(
        text="",
        html="",
        attachment=None,
        placeholder="",
        link_nonce=None,
        link_purpose="",
        link_secret=None,
        body_forgotten_at=moment,
    )


def _render(engine: str, name: str, context: dict[str, Any]) -> str:
    # PostgreSQL stores no NUL, and an acceptance must not fail over one.
    return engines[engine].get_template(name).render(context).replace("\x00", "")

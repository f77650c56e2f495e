"""What is done with emails: queue one, forget old bodies, try failed ones again. Handing over is in `delivery`."""

from __future__ import annotations

import logging
import re
import secrets
import zoneinfo
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.validators import validate_email
from django.db import transaction
from django.db.models.functions import Now
from django.template import engines
from django.utils import timezone, translation
from django.utils.functional import Promise

from notifications import bell, plain_text, sealed
from notifications.models import Email, EmailState, new_message_id

logger = logging.getLogger(__name__)

SUBJECT_LENGTH = 200
CENTRAL = zoneinfo.ZoneInfo("America/Chicago")


def queue_email(
    *,
    key: str,
    kind: str,
    about: str,
    to: str,
    language: str,
    subject: str | Promise,
    template: str,
    context: dict[str, Any],
    attachment: tuple[str, bytes] | None = None,
    sealed_nonce: bytes | None = None,
    sealed_purpose: str = sealed.DECISION_LINK,
    sealed_secret: str | None = None,
) -> None:
    """Write one email into the outbox, in the transaction of the change that causes it (E2).

    `template` names templates/emails/<template>.txt and .html; both are rendered now, in `language` and Central time,
    with `context` plus `origin`, `site_name` and `language`. A lazy `subject` is translated in `language` too. A `key`
    that was queued before, by whomever, changes nothing. `attachment` is the file name and the bytes of a PDF.

    With `sealed_nonce` the templates get `sealed_token`, which fits a `<str:token>` of a URL. It stands in for
    `sealed.token_of(sealed_nonce, sealed_purpose)` until the message is handed over, and opens nothing (X5). With
    `sealed_secret`, a whole link that cannot be derived again, it stands in for that.

    Raises RuntimeError outside a transaction, ValidationError for an address no email can go to, ValueError for an
    attachment that is no PDF and for a template that leaves the sealed link out.
    """
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("queue_email needs a transaction: call it inside transaction.atomic(), beside the change.")
    validate_email(to)
    if attachment and not (attachment[0].endswith(".pdf") and attachment[1].startswith(b"%PDF-")):
        raise ValueError("Only a PDF can be attached: a name that ends in .pdf and its bytes.")
    placeholder = secrets.token_urlsafe(32) if sealed_nonce or sealed_secret else ""
    with translation.override(language), timezone.override(CENTRAL):
        everything = context | {
            "origin": settings.PORTAL_ORIGIN,
            "site_name": settings.SITE_NAME,
            "language": language,
            "sealed_token": placeholder,
        }
        title = plain_text.one_line(subject, SUBJECT_LENGTH)
        text = _render("text", f"emails/{template}.txt", everything)
        html = _render("django", f"emails/{template}.html", everything)
    if placeholder not in text or placeholder not in html:
        raise ValueError(f"emails/{template} got a sealed link; .txt and .html must both show {{{{ sealed_token }}}}.")
    email = Email(
        key=key,
        kind=kind,
        about=about,
        to_address=to,
        language=language,
        subject=title,
        text=re.sub(r"\n{3,}", "\n\n", text).strip() + "\n",
        html=html,
        attachment_name=plain_text.one_line(attachment[0], 100) if attachment else "",
        attachment=attachment[1] if attachment else None,
        placeholder=placeholder,
        sealed_nonce=sealed_nonce,
        sealed_purpose=sealed_purpose,
        sealed_secret=sealed.encrypted(sealed_secret) if sealed_secret else None,
        message_id=new_message_id(),
    )
    # ON CONFLICT DO NOTHING: of two transactions that queue one key, the second waits for the first and writes nothing.
    Email.objects.bulk_create([email], ignore_conflicts=True)
    bell.ring("email queued")


def retry_failed(email: Email, *, by: AbstractBaseUser, at: datetime | None = None) -> bool:
    """Queue a failed email again, as if it were new; False if it is not failed or its body was forgotten.

    It keeps its Message-ID: a mail program that got it already shows it once.
    """
    moment = at or Now()
    with transaction.atomic():
        again = Email.objects.filter(pk=email.pk, state=EmailState.FAILED, body_forgotten_at=None).update(
            state=EmailState.QUEUED, queued_at=moment, due_at=moment, failed_at=None, attempts=0, uncertain_attempts=0
        )
        if again:
            bell.ring("email queued")
            logger.info("Email %s is tried again, by user %s.", email.pk, by.pk)
    return bool(again)


def forget_bodies(*, at: datetime | None = None) -> int:
    """Empty what emails said, settings.EMAIL_BODY_RETENTION after they were queued, if sent or failed (X6).

    Returns their number. That an email went out, about what and when, stays on record.
    """
    moment = at or Now()
    old = Email.objects.filter(
        body_forgotten_at=None,
        state__in=[EmailState.SENT, EmailState.FAILED],
        queued_at__lt=moment - settings.EMAIL_BODY_RETENTION,
    )
    seal = {"placeholder": "", "sealed_nonce": None, "sealed_secret": None}
    return old.update(text="", html="", attachment=None, **seal, body_forgotten_at=moment)


def _render(engine: str, name: str, context: dict[str, Any]) -> str:
    # PostgreSQL stores no NUL, and an acceptance must not fail over one.
    return engines[engine].get_template(name).render(context).replace("\x00", "")

"""Queue an email, forget old bodies, try failed emails again. `delivery` hands them over to the mail server."""

from __future__ import annotations

import logging
import re
import secrets
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.validators import validate_email
from django.db import connection, transaction
from django.db.models.functions import Lower, Now
from django.template import engines
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.functional import Promise

from lib import link_tokens
from lib.central_time import CENTRAL
from notifications.failures import FailureReason
from notifications.inline_styles import styles_in_attributes
from notifications.models import (
    ENDED_BADLY,
    REQUEST_KINDS,
    Email,
    EmailAttachment,
    EmailQuerySet,
    EmailState,
    Priority,
    SandboxCompany,
)
from notifications.templatetags.plain_text import one_line
from notifications.wakeup import wake_workers

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class TokenLink:
    """A link with a token. Templates show `link_token`, which is derived from `nonce` when the email is sent (X5)."""

    nonce: bytes | memoryview
    purpose: ClassVar[str]
    variable: ClassVar[str] = "link_token"

    def columns(self) -> dict[str, Any]:
        return {"link_nonce": bytes(self.nonce), "link_purpose": self.purpose}


class DecisionLink(TokenLink):
    purpose = link_tokens.DECISION_LINK


class AccountLink(TokenLink):
    purpose = link_tokens.ACCOUNT_LINK


@dataclass(frozen=True)
class FixedLink:
    """A whole link that cannot be derived again. Templates show `link_url`; the row keeps it encrypted until sent."""

    url: str
    variable: ClassVar[str] = "link_url"

    def columns(self) -> dict[str, Any]:
        return {"link_secret": link_tokens.encrypt_link(self.url)}


@dataclass(frozen=True, kw_only=True)
class OutgoingEmail:
    """An email to queue, once for each `key`, with the templates emails/<`template` or `kind`>.txt and .html.

    `reader_name` is whom it greets. `about` has the numbers of the agreements that it is about, `attachments` PDFs
    with name and bytes. A lazy `subject` is translated. Each run delivers a share of the emails of one `company_id`
    (E6). An email that `pauses` waits while that company is suspended (L9); after `useful_until` it is not sent.
    `tdsp_id`: whose staff see it besides operators (D1). `unsubscribe_page`: the name of the URL, of the link's token,
    to which a mail program can post without asking its reader to end such emails (RFC 8058).
    """

    kind: str
    key: str
    to: str
    language: str
    subject: str | Promise
    context: Mapping[str, Any]
    about: Sequence[str] = ()
    reader_name: str = ""
    priority: Priority = Priority.NORMAL
    company_id: int | None = None
    pauses: bool = False
    useful_until: datetime | None = None
    tdsp_id: int | None = None
    template: str = ""
    attachments: Sequence[tuple[str, bytes]] = ()
    link: DecisionLink | AccountLink | FixedLink | None = None
    unsubscribe_page: str = ""


@dataclass(frozen=True)
class RenderedEmail:
    """What an email says, with the placeholder of its link."""

    subject: str
    text: str
    html: str


def render_email(outgoing: OutgoingEmail, placeholder: str) -> RenderedEmail:
    """Render both templates of an email with `placeholder` in the place of its link, and send nothing (T8).

    In the email's language and Central time, with its context plus `origin`, `site_name` and `language`.
    """
    template = f"emails/{outgoing.template or outgoing.kind}"
    site = {"origin": settings.PORTAL_ORIGIN, "site_name": settings.SITE_NAME, "language": outgoing.language}
    context = {**outgoing.context, **site, "reader_name": outgoing.reader_name}
    if outgoing.link:
        context[outgoing.link.variable] = placeholder
    with translation.override(outgoing.language), timezone.override(CENTRAL):
        subject = one_line(outgoing.subject, 200)
        text = _render("text", f"{template}.txt", context)
        html = styles_in_attributes(_render("django", f"{template}.html", context))
    if outgoing.link and not (placeholder in text and placeholder in html):
        raise ValueError(f"{template} has a link; .txt and .html must both show {{{{ {outgoing.link.variable} }}}}.")
    return RenderedEmail(subject, re.sub(r"\n{3,}", "\n\n", text).strip() + "\n", html)


def queue_email(outgoing: OutgoingEmail) -> None:
    """Write one email into the outbox, in the transaction of the change that causes it (E2).

    Both templates are rendered now (`render_email`). A random placeholder stands for the link until the email is sent
    (X5). An email of a sandbox is recorded without its text and never sent (V15). Raises RuntimeError outside a
    transaction, ValidationError for an invalid address, ValueError for an attachment that is not a PDF and for a
    template that leaves the link out.
    """
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("queue_email needs a transaction: call it inside transaction.atomic(), beside the change.")
    validate_email(outgoing.to)
    if any(not (name.endswith(".pdf") and content.startswith(b"%PDF-")) for name, content in outgoing.attachments):
        raise ValueError("Only a PDF can be attached: a name that ends in .pdf and its bytes.")
    placeholder = secrets.token_urlsafe(32) if outgoing.link else ""
    rendered = render_email(outgoing, placeholder)
    if outgoing.company_id and SandboxCompany.objects.filter(pk=outgoing.company_id).exists():
        _record_sandbox_email(outgoing, rendered.subject)
        return
    page = reverse(outgoing.unsubscribe_page, args=[placeholder]) if outgoing.unsubscribe_page else ""
    email = Email(
        key=outgoing.key,
        kind=outgoing.kind,
        about=list(outgoing.about),
        priority=outgoing.priority,
        company_id=outgoing.company_id,
        pauses=outgoing.pauses,
        useful_until=outgoing.useful_until,
        tdsp_id=outgoing.tdsp_id,
        to_address=outgoing.to,
        language=outgoing.language,
        subject=rendered.subject,
        text=rendered.text,
        html=rendered.html,
        placeholder=placeholder,
        unsubscribe_url=f"{settings.PORTAL_ORIGIN}{page}" if page else "",
        **(outgoing.link.columns() if outgoing.link else {}),
        message_id=uuid.uuid4().hex,
    )
    # ON CONFLICT DO NOTHING: of two transactions that queue one key, the second waits for the first and writes nothing.
    Email.objects.bulk_create([email], ignore_conflicts=True)
    if outgoing.attachments and (written := Email.objects.filter(message_id=email.message_id).first()):
        files = (
            EmailAttachment(email=written, name=one_line(name, 100), content=content)
            for name, content in outgoing.attachments
        )
        EmailAttachment.objects.bulk_create(files)
    wake_workers("email queued")


def _record_sandbox_email(outgoing: OutgoingEmail, subject: str) -> None:
    email = Email(
        key=outgoing.key,
        kind=outgoing.kind,
        about=list(outgoing.about),
        company_id=outgoing.company_id,
        tdsp_id=outgoing.tdsp_id,
        to_address=outgoing.to,
        language=outgoing.language,
        subject=subject,
        message_id=uuid.uuid4().hex,
        is_sandbox=True,
        state=EmailState.SANDBOX,
        sent_at=Now(),
        body_forgotten_at=Now(),
    )
    Email.objects.bulk_create([email], ignore_conflicts=True)


def retry_failed(email: Email, *, by: AbstractBaseUser) -> bool:
    """Queue a failed email again with its old Message-ID.

    Returns False if it has not failed, its body is gone, or its address was corrected (T15).
    """
    failed = Email.objects.failed().to_current_address().filter(pk=email.pk, body_forgotten_at=None)
    new = {"queued_at": Now(), "due_at": Now(), "failed_at": None, "attempts": 0, "uncertain_attempts": 0}
    with transaction.atomic():
        if not failed.update(state=EmailState.QUEUED, **new):
            return False
        wake_workers("email queued")
    logger.info("Email %s is tried again, by user %s.", email.pk, by.pk)
    return True


def withhold_emails(
    numbers: Sequence[str], kinds: Iterable[str], *, at: datetime, reason: FailureReason = FailureReason.STOPPED
) -> None:
    """Don't send the emails of `kinds` about these agreements that wait, to a customer who wants none (C8, C12)."""
    unsent = Email.objects.about(*numbers).filter(kind__in=kinds).exclude(key__endswith=":third-party")
    _withhold(unsent, reason, at)


def supersede_emails(numbers: Sequence[str], kinds: Iterable[str], *, at: datetime) -> None:
    """Don't send the emails of `kinds` to the customer of these agreements, whose address was corrected (T15)."""
    emails = Email.objects.about(*numbers).filter(kind__in=kinds).exclude(key__endswith=":third-party")
    current = emails.to_current_address()
    _withhold(current, FailureReason.CORRECTED, at)
    current.update(superseded_at=at)


def withhold_emails_to(address: str, company_id: int, *, at: datetime) -> None:
    """Don't send what waits for a former user or mailbox of a company about its agreements (T17)."""
    to_address = Email.objects.alias(address=Lower("to_address")).filter(address=address.lower())
    unsent = to_address.filter(company_id=company_id, pauses=True).exclude(kind__in=REQUEST_KINDS)
    _withhold(unsent, FailureReason.LEFT, at)


def _withhold(emails: EmailQuerySet, reason: FailureReason, at: datetime) -> None:
    """Withhold those of `emails` of which no byte has gone out; a worker that claimed one finds its lease gone.

    One that is being handed over cannot be stopped; if that fails, it is not tried again.
    """
    unsent = emails.filter(state__in=[EmailState.QUEUED, EmailState.ON_HOLD, EmailState.SENDING])
    lease: dict[str, None] = {"lease": None, "leased_until": None}
    unsent.update(state=EmailState.WITHHELD, failure=reason, failed_at=at, link_secret=None, **lease)
    emails.filter(state=EmailState.HANDED).update(useful_until=at)


def undelivered_numbers(numbers: Iterable[str]) -> set[str]:
    """Return those of the agreement `numbers` whose requests and reminders were all refused or returned (E7, L5).

    One that was not sent because its address had been corrected did not arrive either (T15).
    """
    wanted = set(numbers)
    requests = Email.objects.about(*wanted).requests().exclude(failure=FailureReason.CORRECTED)
    undelivered = requests.refused_or_bounced()
    rest = requests.exclude(pk__in=undelivered.values("pk"))
    return (wanted & _numbers_of(undelivered)) - _numbers_of(rest)


def _numbers_of(emails: EmailQuerySet) -> set[str]:
    return {number for about in emails.values_list("about", flat=True) for number in about}


def delete_emails_about(numbers: Sequence[str]) -> None:
    """Delete the emails about agreements that are deleted. One that is also about others stays, about those only."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE notifications_email
            SET about = ARRAY(SELECT unnest(about) EXCEPT SELECT unnest(%(numbers)s::varchar[]) ORDER BY 1)
            WHERE about && %(numbers)s::varchar[] AND NOT about <@ %(numbers)s::varchar[]
            """,
            {"numbers": list(numbers)},
        )
    Email.objects.about(*numbers).delete()


def forget_bodies(*, at: datetime | None = None) -> int:
    """Empty ended emails settings.EMAIL_BODY_RETENTION after they were queued (X6); return their number.

    An email that was on hold all that time will not be sent (L9).
    """
    moment = at or Now()
    old = Email.objects.filter(queued_at__lt=moment - settings.EMAIL_BODY_RETENTION, body_forgotten_at=None)
    old.on_hold().update(state=EmailState.WITHHELD, failure=FailureReason.SUSPENDED, link_secret=None)
    body = {"text": "", "html": ""}
    link = {"placeholder": "", "link_nonce": None, "link_purpose": "", "link_secret": None}
    ended = old.filter(state__in=[EmailState.SENT, EmailState.WITHHELD, *ENDED_BADLY])
    EmailAttachment.objects.filter(email__in=ended).delete()
    return ended.update(**body, **link, body_forgotten_at=moment)


def _render(engine: str, name: str, context: dict[str, Any]) -> str:
    # PostgreSQL stores no NUL, and an acceptance must not fail over one.
    return engines[engine].get_template(name).render(context).replace("\x00", "")

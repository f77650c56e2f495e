"""An email's row as the bytes that go to the mail server."""

from __future__ import annotations

import re
from email.message import EmailMessage
from email.policy import SMTP

from django.conf import settings
from django.utils.encoding import punycode

from notifications import plain_text, sealed
from notifications.mail_server import portal_host
from notifications.models import Email


def envelope_address(email: Email) -> str:
    """The recipient as SMTP wants it: the domain in ASCII."""
    local, _, domain = email.to_address.rpartition("@")
    return f"{local}@{punycode(domain)}"


def as_bytes(email: Email) -> bytes:
    """The whole message, ASCII only, with the sealed link's token where the row has a placeholder (X5).

    Every try carries the same Message-ID and Date, so that a second copy can be told for what it is.
    """
    message = EmailMessage(policy=SMTP)
    message["From"] = settings.DEFAULT_FROM_EMAIL
    message["To"] = envelope_address(email)
    message["Subject"] = plain_text.one_line(email.subject)
    message["Date"] = email.queued_at
    message["Message-ID"] = f"<{email.message_id}@{portal_host()}>"
    message["Auto-Submitted"] = "auto-generated"
    message["Content-Language"] = email.language
    message.set_content(unsealed(email, email.text), cte="quoted-printable")
    message.add_alternative(unsealed(email, email.html), subtype="html", cte="quoted-printable")
    if email.attachment is not None:
        pdf = bytes(email.attachment)
        message.add_attachment(pdf, maintype="application", subtype="pdf", filename=email.attachment_name)
    return message.as_bytes()


def without_secrets(words: str) -> str:
    """A mail server's `words` without what it may have quoted: links, addresses, long numbers (X4, X5)."""
    words = re.sub(r"\S*(?:://|/invitation/|/confirm/)\S*", "[link]", words)
    words = re.sub(r"\S+@\S+", "[address]", words)
    words = re.sub(r"[A-Za-z0-9_-]{30,}", "[...]", words)
    words = re.sub(r"\d{3,}(\d{7})", r"...\1", words)
    return plain_text.one_line(words)


def unsealed(email: Email, body: str) -> str:
    """`body` with the sealed link in its place, for the message alone; ValueError where the key is another one."""
    if email.sealed_secret is not None:
        return body.replace(email.placeholder, sealed.decrypted(bytes(email.sealed_secret)))
    if email.sealed_nonce is None:
        return body
    return body.replace(email.placeholder, sealed.token_of(bytes(email.sealed_nonce), email.sealed_purpose))

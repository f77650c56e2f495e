"""An email's row as the bytes that go to the mail server."""

from __future__ import annotations

import re
from email.message import EmailMessage
from email.policy import SMTP

from django.conf import settings
from django.utils.encoding import punycode

from lib import link_tokens
from notifications import plain_text
from notifications.mail_server import portal_host
from notifications.models import Email


def envelope_address(email: Email) -> str:
    """Return the recipient as SMTP wants it: the domain in ASCII."""
    local, _, domain = email.to_address.rpartition("@")
    return f"{local}@{punycode(domain)}"


def as_bytes(email: Email) -> bytes:
    """Return the whole message, ASCII only, with the link where the row has a placeholder (X5).

    Every attempt has the same Message-ID and Date, so that a second copy is recognized.
    """
    message = EmailMessage(policy=SMTP)
    message["From"] = settings.DEFAULT_FROM_EMAIL
    message["To"] = envelope_address(email)
    message["Subject"] = plain_text.one_line(email.subject)
    message["Date"] = email.queued_at
    message["Message-ID"] = f"<{email.message_id}@{portal_host()}>"
    message["Auto-Submitted"] = "auto-generated"
    message["Content-Language"] = email.language
    message.set_content(with_link(email, email.text), cte="quoted-printable")
    message.add_alternative(with_link(email, email.html), subtype="html", cte="quoted-printable")
    if email.attachment is not None:
        pdf = bytes(email.attachment)
        message.add_attachment(pdf, maintype="application", subtype="pdf", filename=email.attachment_name)
    return message.as_bytes()


def without_secrets(reply: str) -> str:
    """Return a mail server's `reply` without what it may have quoted: links, addresses, long numbers (X4, X5)."""
    reply = re.sub(r"\S*(?:://|/invitation/|/confirm/)\S*", "[link]", reply)
    reply = re.sub(r"\S+@\S+", "[address]", reply)
    reply = re.sub(r"[A-Za-z0-9_-]{30,}", "[...]", reply)
    reply = re.sub(r"\d{3,}(\d{7})", r"...\1", reply)
    return plain_text.one_line(reply)


def with_link(email: Email, body: str) -> str:
    """Return `body` with the link in place of the placeholder. Raises ValueError if the key has changed."""
    if email.link_secret is not None:
        return body.replace(email.placeholder, link_tokens.decrypt_link(bytes(email.link_secret)))
    if email.link_nonce is None:
        return body
    return body.replace(email.placeholder, link_tokens.derive_token(bytes(email.link_nonce), email.link_purpose))

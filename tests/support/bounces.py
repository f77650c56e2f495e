"""Emails that come back."""

from __future__ import annotations

from notifications.models import Email


def bounce(
    original: str, *, status: str = "5.1.1", action: str = "failed", to: str = "bounces@portal.example", said: str = ""
) -> bytes:
    """A delivery status notification as RFC 3464 prints it, with the original's headers."""
    return f"""\
Return-Path: <>
From: MAILER-DAEMON@mail.example
To: {to}
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="next"

--next
Content-Type: text/plain; charset=us-ascii

I'm sorry to have to inform you that your message could not be delivered.

--next
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.example

Final-Recipient: rfc822; maria@example.net
Original-Recipient: rfc822;maria@example.net
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 {status} {said or "<maria@example.net>: no such user"}

--next
Content-Type: text/rfc822-headers

{original}
--next--
""".encode()


def headers(email: Email) -> str:
    return f"From: no-reply@portal.example\nTo: maria@example.net\nMessage-ID: <{email.message_id}@portal.example>\n"

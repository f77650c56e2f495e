"""Emails in the outbox."""

from __future__ import annotations

import factory
from factory.django import DjangoModelFactory

from notifications.models import Email


class EmailFactory(DjangoModelFactory):
    class Meta:
        model = Email

    key = factory.Sequence(lambda n: f"EM201:{n}")
    kind = "EM201"
    about = "102512000233"
    to_address = "customer@example.net"
    subject = "A company asks for your electricity usage data"
    text = "Text"
    html = "<p>Text</p>"
    message_id = factory.Sequence(lambda n: f"message-{n}")

"""Emails in the outbox."""

from __future__ import annotations

from typing import Any

import factory
from factory.django import DjangoModelFactory

from agreements.models import Agreement
from notifications.models import Email, EmailAttachment


class EmailFactory(DjangoModelFactory):
    class Meta:
        model = Email

    key = factory.Sequence(lambda n: f"EM201:{n}")
    kind = "EM201"
    about = factory.LazyFunction(lambda: ["102512000233"])
    to_address = "customer@example.net"
    subject = "A company asks for your electricity usage data"
    text = "Text"
    html = "<p>Text</p>"
    message_id = factory.Sequence(lambda n: f"message-{n}")

    @classmethod
    def _create(cls, model_class: type[Email], *args: Any, **fields: Any) -> Email:
        """Give the email the TDSP of the agreement that it is about, as those who queue emails do."""
        about = Agreement.objects.filter(number__in=fields["about"])
        fields.setdefault("tdsp_id", about.values_list("tdsp", flat=True).first())
        email: Email = super()._create(model_class, *args, **fields)
        return email


class EmailAttachmentFactory(DjangoModelFactory):
    class Meta:
        model = EmailAttachment

    email = factory.SubFactory(EmailFactory)
    name = "letter.pdf"
    content = b"%PDF-1.7"

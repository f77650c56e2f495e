"""Mailboxes are compared by an index: a company's hundred thousand agreements are not read for it (X1, X2)."""

from django.contrib.postgres.indexes import OpClass
from django.db import migrations, models

from agreements.mailbox_key import DomainKey, MailboxKey


class Migration(migrations.Migration):
    dependencies = [("agreements", "0009_signals_of_mailboxes")]

    operations = [
        migrations.AddIndex(
            "agreement",
            models.Index(MailboxKey("email"), "company", "initiated_at", name="agreement_mailbox"),
        ),
        migrations.AddIndex(
            "agreement",
            models.Index("company", MailboxKey("contact_email"), name="agreement_typed_mailbox"),
        ),
        migrations.AddIndex(
            "agreement",
            models.Index("company", OpClass(DomainKey("email"), name="text_pattern_ops"), name="agreement_mail_domain"),
        ),
        migrations.AddIndex(
            "agreementevent",
            models.Index(fields=["at"], name="event_reminder", condition=models.Q(kind="resent")),
        ),
    ]

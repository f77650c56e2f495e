"""An email can have several attachments: a letter for each agreement of one answer (C10)."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("notifications", "0002_request_not_sent"),
    ]

    operations = [
        migrations.AlterField(
            model_name="email",
            name="failure",
            field=models.CharField(
                blank=True,
                choices=[
                    (
                        "refused",
                        "The email server refused the message. The address may be wrong, or the mailbox may be closed or full.",
                    ),
                    ("deferred", "We tried for two days but couldn't deliver it."),
                    ("unreachable", "We tried for two days but couldn't deliver it."),
                    ("sender_rejected", "We tried for two days but couldn't deliver it."),
                    ("uncertain", "The connection broke twice while we were sending the email. It may have arrived."),
                    ("suspended", "The company was suspended for longer than we keep unsent emails."),
                    ("too_late", "The deadline had passed before we could send it."),
                    ("stopped", "The customer doesn't want emails from the company."),
                    ("unwritable", "The message couldn't be turned into an email."),
                    ("no_such_address", "The address does not exist."),
                    ("mailbox_full", "The mailbox is full."),
                    ("expired", "The recipient's email server could not be reached for several days."),
                ],
                max_length=20,
            ),
        ),
        migrations.CreateModel(
            name="EmailAttachment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=100)),
                ("content", models.BinaryField()),
                (
                    "email",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="attachments",
                        to="notifications.email",
                    ),
                ),
            ],
            options={
                "ordering": ["pk"],
            },
        ),
        migrations.RunSQL(
            """
            INSERT INTO notifications_emailattachment (email_id, name, content)
            SELECT id, attachment_name, attachment FROM notifications_email WHERE attachment IS NOT NULL ORDER BY id
            """,
            migrations.RunSQL.noop,
        ),
        migrations.RemoveField(
            model_name="email",
            name="attachment",
        ),
        migrations.RemoveField(
            model_name="email",
            name="attachment_name",
        ),
    ]

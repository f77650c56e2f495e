"""An email is not sent to who left the company (T17)."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("notifications", "0007_unsubscribe_url"),
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
                    ("corrected", "The customer's address was corrected before we could send it."),
                    ("no_reminders", "The customer stopped the reminders."),
                    ("left", "The recipient no longer gets your company's emails."),
                    ("unwritable", "The message couldn't be turned into an email."),
                    ("no_such_address", "The address does not exist."),
                    ("mailbox_full", "The mailbox is full."),
                    ("expired", "The recipient's email server could not be reached for several days."),
                ],
                max_length=20,
            ),
        ),
    ]

"""Requests that did not arrive are announced once, by an app above (W2)."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("notifications", "0008_left_company"),
    ]

    operations = [
        migrations.AddField(
            model_name="email",
            name="failure_announced_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddIndex(
            model_name="email",
            index=models.Index(
                condition=models.Q(
                    ("failure_announced_at", None),
                    ("kind__in", ["EM201", "EM202"]),
                    ("state__in", ["failed", "bounced"]),
                ),
                fields=["failed_at"],
                name="email_unannounced",
            ),
        ),
    ]

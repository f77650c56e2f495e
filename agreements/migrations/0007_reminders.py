"""Reminders that the portal sends, and their end (C12)."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("agreements", "0008_correct_address"),
        ("companies", "0002_requests_paused"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Reminder",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.PositiveSmallIntegerField()),
                ("at", models.DateTimeField()),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("sent", "Sent"),
                            ("resent", "Resent"),
                            ("undelivered", "Undelivered"),
                            ("missed", "Missed"),
                        ],
                        max_length=12,
                    ),
                ),
            ],
            options={
                "ordering": ["day"],
            },
        ),
        migrations.RemoveConstraint(
            model_name="agreementevent",
            name="event_kind_is_known",
        ),
        migrations.AddField(
            model_name="submission",
            name="reminder_due_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="submission",
            name="reminders_stopped_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AlterField(
            model_name="agreementevent",
            name="channel",
            field=models.CharField(
                choices=[
                    ("form", "Third party's form"),
                    ("invitation", "Invitation link"),
                    ("account", "Customer's account"),
                    ("third_party", "Third party's agreement page"),
                    ("clock", "The portal, on schedule"),
                    ("review", "Review by the utility"),
                ],
                max_length=12,
            ),
        ),
        migrations.AlterField(
            model_name="agreementevent",
            name="kind",
            field=models.CharField(
                choices=[
                    ("initiated", "Initiated"),
                    ("resent", "Email resent"),
                    ("corrected", "Customer's email corrected"),
                    ("reminded", "Reminder sent"),
                    ("stopped", "The customer stopped reminders"),
                    ("accept", "Accepted"),
                    ("reject", "Rejected"),
                    ("unknown", "The customer doesn't know the company"),
                    ("withdraw", "Withdrawn"),
                    ("expire", "Invitation period ended"),
                    ("disavowed", "The customer told us that someone else accepted"),
                    ("held", "Report under review"),
                    ("released", "Report released after review"),
                    ("refused", "Report refused after review"),
                    ("unreviewed", "Report refused: not reviewed in time"),
                ],
                max_length=12,
            ),
        ),
        migrations.AddIndex(
            model_name="submission",
            index=models.Index(
                condition=models.Q(("reminder_due_at__isnull", False)),
                fields=["reminder_due_at"],
                name="submission_reminder_due",
            ),
        ),
        migrations.AddConstraint(
            model_name="agreementevent",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "kind__in",
                        [
                            "initiated",
                            "resent",
                            "corrected",
                            "reminded",
                            "stopped",
                            "accept",
                            "reject",
                            "unknown",
                            "withdraw",
                            "expire",
                            "disavowed",
                            "held",
                            "released",
                            "refused",
                            "unreviewed",
                        ],
                    )
                ),
                name="event_kind_is_known",
            ),
        ),
        migrations.AddField(
            model_name="reminder",
            name="submission",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="reminders", to="agreements.submission"
            ),
        ),
        migrations.AddIndex(
            model_name="reminder",
            index=models.Index(condition=models.Q(("outcome", "sent")), fields=["at"], name="reminder_sent"),
        ),
        migrations.AddConstraint(
            model_name="reminder",
            constraint=models.UniqueConstraint(fields=("submission", "day"), name="reminder_once"),
        ),
        migrations.AddConstraint(
            model_name="reminder",
            constraint=models.CheckConstraint(
                condition=models.Q(("outcome__in", ["sent", "resent", "undelivered", "missed"])),
                name="reminder_outcome_is_known",
            ),
        ),
    ]

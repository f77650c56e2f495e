"""Which emails about agreements a user gets, and what waits for a daily summary (T17)."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("agreements", "0011_api_channel"),
        ("companies", "0004_shared_mailbox"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="submission",
            name="contact_user",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.CreateModel(
            name="NotificationSettings",
            fields=[
                (
                    "membership",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="notification_settings",
                        serialize=False,
                        to="companies.membership",
                    ),
                ),
                ("covers_company", models.BooleanField(default=False)),
                (
                    "daily_kinds",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[
                                ("EM203", "The customer accepted"),
                                ("EM204", "The report is ready, or there is no data"),
                                ("REVIEWED", "An answer was reviewed"),
                                ("EM205", "The customer rejected"),
                                ("NOT_ACCEPTED", "The customer didn't answer in time"),
                                ("WITHDRAWN", "Your company withdrew a request"),
                            ],
                            max_length=40,
                        ),
                        default=list,
                        size=None,
                    ),
                ),
                (
                    "off_kinds",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[
                                ("EM203", "The customer accepted"),
                                ("EM204", "The report is ready, or there is no data"),
                                ("REVIEWED", "An answer was reviewed"),
                                ("EM205", "The customer rejected"),
                                ("NOT_ACCEPTED", "The customer didn't answer in time"),
                                ("WITHDRAWN", "Your company withdrew a request"),
                            ],
                            max_length=40,
                        ),
                        default=list,
                        size=None,
                    ),
                ),
                ("last_summary_on", models.DateField(null=True)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "daily_kinds__contained_by",
                                ["EM203", "EM204", "REVIEWED", "EM205", "NOT_ACCEPTED", "WITHDRAWN"],
                            ),
                            (
                                "off_kinds__contained_by",
                                ["EM203", "EM204", "REVIEWED", "EM205", "NOT_ACCEPTED", "WITHDRAWN"],
                            ),
                        ),
                        name="notification_kinds_are_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("daily_kinds__overlap", models.F("off_kinds")), _negated=True),
                        name="notification_kind_once",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SummaryEntry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("EM203", "The customer accepted"),
                            ("EM204", "The report is ready, or there is no data"),
                            ("REVIEWED", "An answer was reviewed"),
                            ("EM205", "The customer rejected"),
                            ("NOT_ACCEPTED", "The customer didn't answer in time"),
                            ("WITHDRAWN", "Your company withdrew a request"),
                        ],
                        max_length=40,
                    ),
                ),
                ("is_contact", models.BooleanField()),
                ("at", models.DateTimeField()),
                ("done_at", models.DateTimeField(null=True)),
                (
                    "agreement",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="agreements.agreement"
                    ),
                ),
                (
                    "membership",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="companies.membership"
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("done_at", None)), fields=["membership", "at"], name="summary_entry_waiting"
                    ),
                    models.Index(fields=["at"], name="summary_entry_age"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("membership", "agreement", "kind"), name="summary_entry_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("kind__in", ["EM203", "EM204", "REVIEWED", "EM205", "NOT_ACCEPTED", "WITHDRAWN"])
                        ),
                        name="summary_entry_kind_is_known",
                    ),
                ],
            },
        ),
    ]

"""Customers who don't know a company, and the mailboxes to which it may not write (C8)."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("agreements", "0005_search"),
        ("companies", "0002_requests_paused"),
        ("customers", "0001_initial"),
        ("meters", "0002_usage_day"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ContactStop",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("mailbox_hash", models.CharField(max_length=64)),
                ("at", models.DateTimeField()),
                ("counts", models.BooleanField()),
            ],
        ),
        migrations.RemoveConstraint(
            model_name="agreementevent",
            name="event_kind_is_known",
        ),
        migrations.AddField(
            model_name="agreement",
            name="is_company_unknown",
            field=models.BooleanField(
                db_default=False, default=False, editable=False, verbose_name="customer doesn't know the company"
            ),
        ),
        migrations.AlterField(
            model_name="agreementevent",
            name="kind",
            field=models.CharField(
                choices=[
                    ("initiated", "Initiated"),
                    ("resent", "Email resent"),
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
        migrations.AddConstraint(
            model_name="agreement",
            constraint=models.CheckConstraint(
                condition=models.Q(("is_company_unknown", False), ("status", "rejected"), _connector="OR"),
                name="unknown_company_is_rejected",
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
            model_name="contactstop",
            name="company",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="contact_stops", to="companies.company"
            ),
        ),
        migrations.AddIndex(
            model_name="contactstop",
            index=models.Index(
                condition=models.Q(("counts", True)), fields=["company", "at"], name="contact_stop_counted"
            ),
        ),
        migrations.AddConstraint(
            model_name="contactstop",
            constraint=models.UniqueConstraint(fields=("company", "mailbox_hash"), name="contact_stop_once"),
        ),
    ]

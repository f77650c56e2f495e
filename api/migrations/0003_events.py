"""Events, their publisher's positions, and the scope webhooks:manage (W1, P2)."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

import api.public_ids


class Migration(migrations.Migration):
    dependencies = [
        ("api", "0002_idempotency_keys"),
        ("companies", "0004_shared_mailbox"),
    ]

    operations = [
        migrations.CreateModel(
            name="PublisherPosition",
            fields=[
                ("name", models.CharField(max_length=20, primary_key=True, serialize=False)),
                ("settled", models.BigIntegerField(default=0)),
                ("checkpoint", models.BigIntegerField(null=True)),
                (
                    "writers",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=40), default=list, size=None
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="apiclient",
            name="manages_webhooks",
            field=models.BooleanField(default=False, verbose_name="can manage webhooks"),
        ),
        migrations.CreateModel(
            name="ApiEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("event_id", models.CharField(default=api.public_ids.new_event_id, max_length=30, unique=True)),
                ("number", models.BigIntegerField(null=True, unique=True)),
                ("is_test", models.BooleanField(default=False)),
                (
                    "type",
                    models.CharField(
                        choices=[
                            ("agreement.created", "Agreement created"),
                            ("agreement.resent", "Email resent"),
                            ("agreement.reminded", "Reminder sent"),
                            ("agreement.corrected", "Customer's email corrected"),
                            ("agreement.completed", "Request accepted"),
                            ("agreement.rejected", "Request rejected"),
                            ("agreement.expired", "Request not answered in time"),
                            ("agreement.withdrawn", "Request withdrawn"),
                            ("agreement.held", "Report under review"),
                            ("agreement.released", "Report released"),
                            ("agreement.refused", "Report refused"),
                            ("invitation.failed", "Email not delivered"),
                            ("report.ready", "Report ready"),
                            ("report.no_data", "No data for the report"),
                            ("report.failed", "Report failed"),
                            ("report.purged", "Report file deleted"),
                            ("key.expiring", "Key expires soon"),
                            ("webhook.disabled", "Webhook turned off"),
                        ],
                        max_length=30,
                    ),
                ),
                ("at", models.DateTimeField()),
                ("recorded_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("source", models.CharField(max_length=80, unique=True)),
                ("data", models.JSONField(default=dict)),
                (
                    "company",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="companies.company",
                    ),
                ),
            ],
            options={
                "verbose_name": "API event",
                "ordering": [models.OrderBy(models.F("number"), nulls_last=True), "pk"],
                "indexes": [
                    models.Index(fields=["company", "is_test", "number"], name="api_event_feed"),
                    models.Index(fields=["company", "is_test", "type", "number"], name="api_event_feed_of_type"),
                    models.Index(condition=models.Q(("number", None)), fields=["id"], name="api_event_unnumbered"),
                    models.Index(fields=["recorded_at"], name="api_event_age"),
                ],
            },
        ),
    ]

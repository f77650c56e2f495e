"""The customer's address of a submission can be corrected (T15)."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("agreements", "0006_unknown_company"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="AddressCorrection",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                ("old_link_hash", models.CharField(max_length=64, unique=True)),
                ("old_address", models.CharField(max_length=260)),
                ("new_address", models.CharField(max_length=260)),
            ],
        ),
        migrations.RemoveConstraint(
            model_name="agreementevent",
            name="event_kind_is_known",
        ),
        migrations.AlterField(
            model_name="agreementevent",
            name="kind",
            field=models.CharField(
                choices=[
                    ("initiated", "Initiated"),
                    ("resent", "Email resent"),
                    ("corrected", "Customer's email corrected"),
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
        migrations.AddField(
            model_name="addresscorrection",
            name="by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="addresscorrection",
            name="submission",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="corrections", to="agreements.submission"
            ),
        ),
        migrations.AddField(
            model_name="agreementevent",
            name="correction",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="events",
                to="agreements.addresscorrection",
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
        migrations.AddIndex(
            model_name="addresscorrection",
            index=models.Index(fields=["at"], name="address_correction_daily"),
        ),
    ]

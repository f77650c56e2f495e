"""Premises of test ESIIDs, and the next steps of test agreements (V16, V17)."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("agreements", "0015_sandbox"),
        ("api", "0004_webhooks"),
        ("meters", "0004_sandbox"),
    ]

    operations = [
        migrations.CreateModel(
            name="SandboxPremise",
            fields=[
                (
                    "premise",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="meters.premise",
                    ),
                ),
                ("made_on", models.DateField()),
            ],
            options={
                "indexes": [models.Index(fields=["made_on"], name="sandbox_premise_age")],
            },
        ),
        migrations.CreateModel(
            name="SandboxStep",
            fields=[
                (
                    "agreement",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="agreements.agreement",
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("answer", "Answer"),
                            ("expire", "Expire"),
                            ("bounce", "Bounce"),
                            ("deliver", "Deliver"),
                            ("review", "Review"),
                            ("purge", "Purge"),
                        ],
                        max_length=8,
                    ),
                ),
                ("due_at", models.DateTimeField()),
            ],
            options={
                "indexes": [models.Index(fields=["due_at"], name="sandbox_step_due")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["answer", "expire", "bounce", "deliver", "review", "purge"])),
                        name="sandbox_step_is_known",
                    )
                ],
            },
        ),
    ]

"""Renderings of a report's file in other formats, and which format a download was in (R8)."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("reports", "0004_day_counts"),
    ]

    operations = [
        migrations.AddField(
            model_name="download",
            name="format",
            field=models.CharField(
                choices=[
                    ("csv", "CSV"),
                    ("utc_csv", "CSV with UTC times"),
                    ("json", "JSON"),
                    ("green_button", "Green Button XML"),
                ],
                default="csv",
                max_length=12,
                verbose_name="file format",
            ),
        ),
        migrations.CreateModel(
            name="Rendering",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "format",
                    models.CharField(
                        choices=[
                            ("csv", "CSV"),
                            ("utc_csv", "CSV with UTC times"),
                            ("json", "JSON"),
                            ("green_button", "Green Button XML"),
                        ],
                        max_length=12,
                    ),
                ),
                ("made_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("size", models.IntegerField(verbose_name="size in bytes")),
                ("sha256", models.CharField(max_length=64, verbose_name="SHA-256")),
                ("gzipped", models.BinaryField(null=True)),
                (
                    "report",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="renderings", to="reports.report"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("report", "format"), name="one_rendering_per_format")],
            },
        ),
    ]

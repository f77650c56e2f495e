"""Each change of a report's state to an outcome is a row, for the feed of events (W1)."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("agreements", "0013_report_formats"),
    ]

    operations = [
        migrations.CreateModel(
            name="ReportStateChange",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("none", "None"),
                            ("awaiting_data", "Waiting for data"),
                            ("due", "Due"),
                            ("making", "Being made"),
                            ("retrying", "Being made again"),
                            ("ready", "Ready"),
                            ("no_data", "No data"),
                            ("failed", "Failed"),
                            ("purged", "Deleted"),
                        ],
                        max_length=15,
                    ),
                ),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "agreement",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="report_state_changes",
                        to="agreements.agreement",
                    ),
                ),
            ],
            options={
                "ordering": ["pk"],
            },
        ),
    ]

"""The counts of a report's days, for the chart on the third party's page; deleted with the file (T11)."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("reports", "0003_first_download"),
    ]

    operations = [
        migrations.AddField(
            model_name="reportfile",
            name="day_counts",
            field=models.JSONField(null=True),
        ),
    ]

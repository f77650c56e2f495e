"""The sweep for due reports took a second at 200,000 finished agreements; with an index of those that wait, nothing."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("agreements", "0002_events_are_final")]

    operations = [
        migrations.AddField(
            model_name="agreement",
            name="report_recorded",
            field=models.BooleanField(default=False, editable=False),
        ),
        migrations.RemoveIndex(model_name="agreement", name="agreement_complete"),
        migrations.AddIndex(
            model_name="agreement",
            index=models.Index(
                condition=models.Q(("report_recorded", False), ("status", "complete")),
                fields=["ended_at"],
                name="agreement_awaits_report",
            ),
        ),
    ]

"""UTC times are a format of every 15-minute report, and no longer an option of the request (R8)."""

from django.db import migrations, models

# AgreementRequest refuses a name that it does not have.
DRAFTS = "UPDATE agreements_draft SET answers = answers - 'with_utc' WHERE answers ? 'with_utc'"


class Migration(migrations.Migration):
    dependencies = [
        ("agreements", "0012_notification_settings"),
    ]

    operations = [
        migrations.RunSQL(DRAFTS, migrations.RunSQL.noop),
        migrations.RemoveConstraint(
            model_name="agreement",
            name="utc_columns_only_for_intervals",
        ),
        migrations.RemoveField(
            model_name="agreement",
            name="with_utc",
        ),
        migrations.AlterField(
            model_name="agreement",
            name="granted_type",
            field=models.CharField(
                blank=True,
                choices=[("interval", "15-minute readings"), ("daily", "Daily totals"), ("monthly", "Monthly totals")],
                db_default="",
                default="",
                editable=False,
                max_length=10,
                verbose_name="granted report type",
            ),
        ),
        migrations.AlterField(
            model_name="agreement",
            name="report_type",
            field=models.CharField(
                choices=[("interval", "15-minute readings"), ("daily", "Daily totals"), ("monthly", "Monthly totals")],
                max_length=10,
                verbose_name="report type",
            ),
        ),
    ]

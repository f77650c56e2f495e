from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("agreements", "0007_shown_text")]

    operations = [
        migrations.AddField(
            model_name="agreement",
            name="with_utc",
            field=models.BooleanField(default=False, verbose_name="also with UTC columns"),
        ),
        migrations.AddConstraint(
            model_name="agreement",
            constraint=models.CheckConstraint(
                condition=models.Q(("with_utc", False), ("report_type", "interval"), _connector="OR"),
                name="utc_columns_only_for_intervals",
                violation_error_message="Only the 15-minute report has UTC columns.",
            ),
        ),
    ]

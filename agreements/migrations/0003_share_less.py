"""What a customer granted, which may be less than a company asked for (C9). So far everyone granted all of it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("agreements", "0002_tdsp_of_premise"),
    ]

    operations = [
        migrations.AddField(
            model_name="agreement",
            name="granted_length",
            field=models.CharField(
                blank=True,
                choices=[("1d", "1 day"), ("1m", "1 month"), ("3m", "3 months"), ("6m", "6 months"), ("12m", "1 year")],
                db_default="",
                default="",
                editable=False,
                max_length=4,
                verbose_name="granted report length",
            ),
        ),
        migrations.AddField(
            model_name="agreement",
            name="granted_type",
            field=models.CharField(
                blank=True,
                choices=[("interval", "15-minute interval CSV"), ("daily", "Daily CSV"), ("monthly", "Monthly CSV")],
                db_default="",
                default="",
                editable=False,
                max_length=10,
                verbose_name="granted report type",
            ),
        ),
        migrations.RunSQL(
            """
            UPDATE agreements_agreement SET granted_type = report_type, granted_length = report_length
            WHERE status = 'complete'
            """,
            migrations.RunSQL.noop,
        ),
        migrations.AddConstraint(
            model_name="agreement",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("status", "complete"),
                        models.Q(("granted_type", ""), _negated=True),
                        models.Q(("granted_length", ""), _negated=True),
                    ),
                    models.Q(
                        models.Q(("status", "complete"), _negated=True), ("granted_length", ""), ("granted_type", "")
                    ),
                    _connector="OR",
                ),
                name="accepted_says_what_is_granted",
            ),
        ),
        migrations.AddConstraint(
            model_name="agreement",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("granted_type", ""),
                    models.Q(("granted_type__in", ["interval", "daily", "monthly"]), ("report_type", "interval")),
                    models.Q(("granted_type__in", ["daily", "monthly"]), ("report_type", "daily")),
                    models.Q(("granted_type__in", ["monthly"]), ("report_type", "monthly")),
                    _connector="OR",
                ),
                name="granted_type_is_not_finer_than_asked",
            ),
        ),
        migrations.AddConstraint(
            model_name="agreement",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("granted_length", ""),
                    models.Q(("granted_length__in", ["1d"]), ("report_length", "1d")),
                    models.Q(("granted_length__in", ["1m", "1d"]), ("report_length", "1m")),
                    models.Q(("granted_length__in", ["3m", "1m", "1d"]), ("report_length", "3m")),
                    models.Q(("granted_length__in", ["6m", "3m", "1m", "1d"]), ("report_length", "6m")),
                    models.Q(("granted_length__in", ["12m", "6m", "3m", "1m", "1d"]), ("report_length", "12m")),
                    _connector="OR",
                ),
                name="granted_length_is_not_longer_than_asked",
            ),
        ),
        migrations.AddConstraint(
            model_name="agreement",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("granted_type", ""),
                    models.Q(("granted_type", "monthly"), _negated=True),
                    models.Q(("granted_length", "1d"), _negated=True),
                    _connector="OR",
                ),
                name="granted_monthly_report_has_a_month",
            ),
        ),
    ]

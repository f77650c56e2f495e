"""The agreements of reports that were downloaded get the time of the first download."""

from django.db import migrations

FIRST_DOWNLOADS = """
    UPDATE agreements_agreement a SET downloaded_at = first.at
    FROM (
        SELECT r.agreement_id, min(d.at) AS at
        FROM reports_download d JOIN reports_report r ON r.id = d.report_id GROUP BY r.agreement_id
    ) AS first
    WHERE a.id = first.agreement_id
"""


class Migration(migrations.Migration):
    dependencies = [
        ("agreements", "0004_stages_and_counts"),
        ("reports", "0002_tdsp_of_agreement"),
    ]

    operations = [migrations.RunSQL(FIRST_DOWNLOADS, migrations.RunSQL.noop)]

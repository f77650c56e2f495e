"""Staff find agreements by the end of an ESIID and by a customer's last name (D1)."""

import django.contrib.postgres.indexes
import django.db.models.functions.text
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("agreements", "0007_reminders"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="agreement",
            index=models.Index(django.db.models.functions.text.Right("esiid", 7), name="agreement_esiid_tail"),
        ),
        migrations.AddIndex(
            model_name="agreement",
            index=models.Index(
                django.contrib.postgres.indexes.OpClass(
                    django.db.models.functions.text.Lower("last_name"), name="text_pattern_ops"
                ),
                name="agreement_last_name",
            ),
        ),
    ]

"""Staff find premises by the beginning of their address (D1)."""

import django.contrib.postgres.indexes
import django.db.models.functions.text
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("meters", "0002_usage_day"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="premise",
            index=models.Index(
                django.contrib.postgres.indexes.OpClass(
                    django.db.models.functions.text.Lower("address"), name="text_pattern_ops"
                ),
                name="premise_address",
            ),
        ),
    ]

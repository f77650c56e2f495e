"""The SHA-256 of each PDF that was made of a letter, for those who check it (R9)."""

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("agreements", "0009_admin_search"),
    ]

    operations = [
        migrations.AddField(
            model_name="letter",
            name="pdf_hashes",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=64), default=list, size=None
            ),
        ),
    ]

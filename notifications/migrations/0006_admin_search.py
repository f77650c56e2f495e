"""Staff find the emails to an address (D1)."""

import django.db.models.functions.text
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("notifications", "0004_reminders_stopped"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="email",
            index=models.Index(django.db.models.functions.text.Lower("to_address"), name="email_to_address"),
        ),
    ]

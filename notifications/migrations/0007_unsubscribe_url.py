"""Mail programs can end reminders with one click (C12)."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("notifications", "0006_admin_search"),
    ]

    operations = [
        migrations.AddField(
            model_name="email",
            name="unsubscribe_url",
            field=models.CharField(blank=True, db_default="", default="", max_length=300),
        ),
    ]

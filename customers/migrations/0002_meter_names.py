"""Customers can name their meters (C5)."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="esiidclaim",
            name="meter_name",
            field=models.CharField(blank=True, editable=False, max_length=30),
        ),
    ]

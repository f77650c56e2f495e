"""The utility of the premises that test keys know (V16)."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("meters", "0003_address_search"),
    ]

    operations = [
        migrations.AddField(
            model_name="tdsp",
            name="is_sandbox",
            field=models.BooleanField(db_default=False, default=False, editable=False),
        ),
        migrations.AddConstraint(
            model_name="tdsp",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_sandbox", True)), fields=("is_sandbox",), name="one_sandbox_utility"
            ),
        ),
    ]

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("meters", "0002_usage_day")]

    operations = [
        migrations.CreateModel(
            name="CarriedSlots",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "premise_id", "day", "channel", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("premise_id", models.IntegerField()),
                ("day", models.DateField()),
                ("channel", models.SmallIntegerField(choices=[(0, "Consumption"), (1, "Surplus Generation")])),
                ("revision_at", models.DateTimeField()),
                ("slots", models.BinaryField()),
            ],
        ),
    ]

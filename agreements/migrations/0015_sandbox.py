"""Events that the sandbox makes (V17)."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("agreements", "0014_report_state_changes"),
    ]

    operations = [
        migrations.AlterField(
            model_name="agreementevent",
            name="channel",
            field=models.CharField(
                choices=[
                    ("form", "Third party's form"),
                    ("invitation", "Invitation link"),
                    ("account", "Customer's account"),
                    ("third_party", "Third party's agreement page"),
                    ("clock", "The portal, on schedule"),
                    ("review", "Review by the utility"),
                    ("api", "Third party's program"),
                    ("sandbox", "The sandbox"),
                ],
                max_length=12,
            ),
        ),
    ]

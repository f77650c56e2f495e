"""Events that a third party's program triggered (P11)."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("agreements", "0010_letter_pdf_hashes"),
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
                ],
                max_length=12,
            ),
        ),
    ]

"""Whether an administrator attests the new agreements of a client by SMT messages (M7)."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("api", "0005_sandbox"),
    ]

    operations = [
        migrations.AddField(
            model_name="apiclient",
            name="smt_attestation_version",
            field=models.CharField(blank=True, max_length=10),
        ),
        migrations.AddField(
            model_name="apiclient",
            name="smt_attested_at",
            field=models.DateTimeField(null=True),
        ),
    ]

"""A pause of a company's new requests (C8)."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("companies", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="company",
            name="requests_paused_at",
            field=models.DateTimeField(editable=False, null=True, verbose_name="new requests paused"),
        ),
        migrations.AddField(
            model_name="company",
            name="requests_resumed_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AlterField(
            model_name="companyevent",
            name="kind",
            field=models.CharField(
                choices=[
                    ("registered", "Company registered"),
                    ("approved", "Company approved"),
                    ("suspended", "Company suspended"),
                    ("paused", "New requests paused: customers don't know the company"),
                    ("resumed", "New requests allowed again"),
                    ("profile", "Company profile changed"),
                    ("change_asked", "Change of legal name or DUNS requested"),
                    ("invited", "User invited"),
                    ("invitation_canceled", "Invitation canceled"),
                    ("joined", "User joined"),
                    ("declined", "Request to join declined"),
                    ("permissions", "Permissions changed"),
                    ("removed", "User removed"),
                ],
                max_length=20,
            ),
        ),
    ]

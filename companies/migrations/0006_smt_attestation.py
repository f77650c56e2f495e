"""A kind of event: the attestation of an API client (M7)."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("companies", "0005_sandbox"),
    ]

    operations = [
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
                    ("client_created", "API client created"),
                    ("client_changed", "API client changed"),
                    ("client_disabled", "API client turned off"),
                    ("client_attested", "Attestation of an API client changed"),
                    ("key_created", "API key created"),
                    ("key_revoked", "API key revoked"),
                    ("mailbox", "Shared mailbox changed"),
                ],
                max_length=20,
            ),
        ),
    ]

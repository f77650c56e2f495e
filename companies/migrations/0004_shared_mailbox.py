"""A shared mailbox of a company, and the link that confirms it (T17)."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("companies", "0003_api_history"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="companylink",
            name="company_link_kind_is_known",
        ),
        migrations.AddField(
            model_name="company",
            name="shared_mailbox",
            field=models.EmailField(
                blank=True, db_default="", default="", editable=False, max_length=254, verbose_name="shared mailbox"
            ),
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
                    ("client_created", "API client created"),
                    ("client_changed", "API client changed"),
                    ("client_disabled", "API client turned off"),
                    ("key_created", "API key created"),
                    ("key_revoked", "API key revoked"),
                    ("mailbox", "Shared mailbox changed"),
                ],
                max_length=20,
            ),
        ),
        migrations.AlterField(
            model_name="companylink",
            name="kind",
            field=models.CharField(
                choices=[
                    ("registration", "Company registration"),
                    ("invitation", "Invitation of a user"),
                    ("join_request", "Request to join"),
                    ("mailbox", "Confirmation of a shared mailbox"),
                ],
                max_length=12,
            ),
        ),
        migrations.AddConstraint(
            model_name="companylink",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["registration", "invitation", "join_request", "mailbox"])),
                name="company_link_kind_is_known",
            ),
        ),
    ]

"""A company can be the sandbox of another one (V15)."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("companies", "0004_shared_mailbox"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="company",
            name="company_duns_is_9_or_13_digits",
        ),
        migrations.AddField(
            model_name="company",
            name="sandbox_of",
            field=models.OneToOneField(
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="sandbox",
                to="companies.company",
            ),
        ),
        migrations.AddConstraint(
            model_name="company",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("duns__regex", "^[0-9]{9}([0-9]{4})?$"), ("sandbox_of__isnull", False), _connector="OR"
                ),
                name="company_duns_is_9_or_13_digits",
                violation_error_message="Enter a DUNS number with 9 or 13 digits.",
            ),
        ),
        migrations.AddConstraint(
            model_name="company",
            constraint=models.CheckConstraint(
                condition=models.Q(("sandbox_of", None), ("standing", "approved"), _connector="OR"),
                name="sandbox_is_approved",
            ),
        ),
    ]

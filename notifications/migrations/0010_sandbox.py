"""Emails of sandboxes are recorded and never sent (V15)."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("notifications", "0009_announced_failures"),
    ]

    operations = [
        migrations.CreateModel(
            name="SandboxCompany",
            fields=[
                ("company_id", models.BigIntegerField(primary_key=True, serialize=False)),
            ],
        ),
        migrations.RemoveConstraint(
            model_name="email",
            name="email_state_is_known",
        ),
        migrations.AddField(
            model_name="email",
            name="is_sandbox",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AlterField(
            model_name="email",
            name="state",
            field=models.CharField(
                choices=[
                    ("queued", "Queued"),
                    ("sending", "Sending"),
                    ("handed", "Handed over"),
                    ("sent", "Sent"),
                    ("failed", "Failed"),
                    ("bounced", "Bounced"),
                    ("on_hold", "On hold"),
                    ("withheld", "Not sent"),
                    ("sandbox", "Not sent (sandbox)"),
                ],
                default="queued",
                max_length=10,
            ),
        ),
        migrations.AddIndex(
            model_name="email",
            index=models.Index(
                condition=models.Q(("is_sandbox", True)),
                fields=["company_id", "-queued_at", "-id"],
                name="email_of_sandbox",
            ),
        ),
        migrations.AddConstraint(
            model_name="email",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "state__in",
                        ["queued", "sending", "handed", "sent", "failed", "bounced", "on_hold", "withheld", "sandbox"],
                    )
                ),
                name="email_state_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="email",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("is_sandbox", False), models.Q(("state", "sandbox"), _negated=True)),
                    models.Q(
                        ("html", ""),
                        ("is_sandbox", True),
                        ("link_nonce", None),
                        ("link_secret", None),
                        ("state__in", ["sandbox", "bounced"]),
                        ("text", ""),
                    ),
                    _connector="OR",
                ),
                name="email_of_sandbox_is_never_sent",
            ),
        ),
    ]

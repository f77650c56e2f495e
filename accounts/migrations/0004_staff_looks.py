"""Every look of staff at customer data is on a trail that nobody edits (D3)."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_companies_and_their_users"),
        ("meters", "0002_usage_day"),
    ]

    operations = [
        migrations.AddField(
            model_name="user",
            name="is_supervisor",
            field=models.BooleanField(
                default=False, help_text="May read the audit trail of this TDSP's staff.", verbose_name="supervisor"
            ),
        ),
        migrations.CreateModel(
            name="StaffLook",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name="at")),
                (
                    "action",
                    models.CharField(
                        choices=[
                            ("view", "Opened"),
                            ("list", "Listed"),
                            ("search", "Searched"),
                            ("history", "Opened the history"),
                            ("export", "Downloaded"),
                        ],
                        max_length=10,
                        verbose_name="action",
                    ),
                ),
                ("model", models.CharField(max_length=60, verbose_name="kind of record")),
                ("object_id", models.CharField(blank=True, max_length=40, verbose_name="key")),
                ("label", models.CharField(blank=True, max_length=40, verbose_name="record")),
                ("rows", models.PositiveIntegerField(null=True, verbose_name="rows shown")),
                (
                    "tdsp",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="meters.tdsp",
                        verbose_name="TDSP",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="looks",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="user",
                    ),
                ),
            ],
            options={
                "verbose_name": "look at customer data",
                "verbose_name_plural": "looks at customer data",
                "ordering": ["-at", "-pk"],
                "indexes": [
                    models.Index(fields=["at"], name="staff_look_age"),
                    models.Index(fields=["model", "object_id"], name="staff_look_record"),
                    models.Index(fields=["tdsp", "-at"], name="staff_look_tdsp"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("action__in", ["view", "list", "search", "history", "export"])),
                        name="look_action_is_known",
                    )
                ],
            },
        ),
        # Nobody edits the trail. Retention may delete old rows, and says so in its own transaction.
        migrations.RunSQL(
            """
            CREATE FUNCTION refuse_look_change() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                IF TG_OP = 'DELETE' AND current_setting('smt.retention', true) = 'on' THEN
                    RETURN OLD;
                END IF;
                RAISE EXCEPTION 'The audit trail is never changed or deleted.' USING ERRCODE = 'restrict_violation';
            END $$;
            CREATE TRIGGER staff_look_is_final BEFORE UPDATE OR DELETE ON accounts_stafflook
                FOR EACH ROW EXECUTE FUNCTION refuse_look_change();
            """,
            """
            DROP TRIGGER staff_look_is_final ON accounts_stafflook;
            DROP FUNCTION refuse_look_change();
            """,
        ),
    ]

"""The company's own references of an agreement, and when an agreement last changed, for programs (V5, V6)."""

import django.db.models.functions.datetime
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("agreements", "0016_bulk_invitations"),
    ]

    operations = [
        migrations.AddField(
            model_name="agreement",
            name="changed_at",
            field=models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
        ),
        migrations.AddField(
            model_name="agreement",
            name="external_id",
            field=models.CharField(
                blank=True, db_default="", default="", editable=False, max_length=64, verbose_name="external ID"
            ),
        ),
        migrations.AddField(
            model_name="submission",
            name="authorization_reference",
            field=models.CharField(
                blank=True, db_default="", default="", max_length=100, verbose_name="authorization reference"
            ),
        ),
        migrations.AddIndex(
            model_name="agreement",
            index=models.Index(
                condition=models.Q(("external_id", ""), _negated=True),
                fields=["company", "external_id", "-initiated_at", "-number"],
                name="agreement_external_id",
            ),
        ),
        migrations.AddIndex(
            model_name="agreement",
            index=models.Index(fields=["company", "changed_at"], name="agreement_changed"),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="agreement",
            trigger=pgtrigger.compiler.Trigger(
                name="agreement_changed_at",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."email" IS DISTINCT FROM (NEW."email") OR OLD."ended_at" IS DISTINCT FROM (NEW."ended_at") OR OLD."expires_at" IS DISTINCT FROM (NEW."expires_at") OR OLD."granted_length" IS DISTINCT FROM (NEW."granted_length") OR OLD."granted_type" IS DISTINCT FROM (NEW."granted_type") OR OLD."person_forgotten_at" IS DISTINCT FROM (NEW."person_forgotten_at") OR OLD."report_state" IS DISTINCT FROM (NEW."report_state") OR OLD."review" IS DISTINCT FROM (NEW."review") OR OLD."status" IS DISTINCT FROM (NEW."status"))',
                    func="NEW.changed_at = clock_timestamp(); RETURN NEW;",
                    hash="0ae9a6ff84dfe4b935159f1955ad767374c77fd6",
                    operation="UPDATE",
                    pgid="pgtrigger_agreement_changed_at_b297a",
                    table="agreements_agreement",
                    when="BEFORE",
                ),
            ),
        ),
    ]

"""An agreement that follows its premise to another TDSP takes its report along (D1)."""

from django.db import migrations

FUNCTION = """
    CREATE FUNCTION reports_follow_agreement() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        UPDATE reports_report SET tdsp_id = NEW.tdsp_id WHERE agreement_id = NEW.id;
        RETURN NULL;
    END
    $$;
"""
TRIGGER = """
    CREATE TRIGGER reports_follow_agreement AFTER UPDATE OF tdsp_id ON agreements_agreement
    FOR EACH ROW WHEN (OLD.tdsp_id IS DISTINCT FROM NEW.tdsp_id) EXECUTE FUNCTION reports_follow_agreement();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("agreements", "0002_tdsp_of_premise"),
        ("reports", "0001_initial"),
    ]

    operations = [
        migrations.RunSQL(FUNCTION, "DROP FUNCTION reports_follow_agreement();"),
        migrations.RunSQL(TRIGGER, "DROP TRIGGER reports_follow_agreement ON agreements_agreement;"),
    ]

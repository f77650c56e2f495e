"""Nobody edits an event (L8). Retention may delete old ones, and says so in its own transaction."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("agreements", "0001_initial")]

    operations = [
        migrations.RunSQL(
            """
            CREATE FUNCTION refuse_event_change() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                IF TG_OP = 'DELETE' AND current_setting('smt.retention', true) = 'on' THEN
                    RETURN OLD;
                END IF;
                RAISE EXCEPTION 'Agreement events are never changed or deleted.' USING ERRCODE = 'restrict_violation';
            END $$;
            CREATE TRIGGER agreement_event_is_final BEFORE UPDATE OR DELETE ON agreements_agreementevent
                FOR EACH ROW EXECUTE FUNCTION refuse_event_change();
            """,
            """
            DROP TRIGGER agreement_event_is_final ON agreements_agreementevent;
            DROP FUNCTION refuse_event_change();
            """,
        ),
    ]

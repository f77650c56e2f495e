"""Nobody edits the trail of staff's looks (D3). Retention may delete old rows, and says so in its own transaction."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("accounts", "0004_staff_looks")]

    operations = [
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

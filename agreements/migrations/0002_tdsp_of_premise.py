"""A premise that a load moves to another TDSP takes its agreements, their emails and open reviews along (D1)."""

from django.db import migrations

FUNCTION = """
    CREATE FUNCTION agreements_follow_premise() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        UPDATE agreements_agreement SET tdsp_id = NEW.tdsp_id WHERE premise_id = NEW.id;
        -- The open review follows with the last of its agreements, unless the other TDSP has one of the same submission.
        UPDATE agreements_consentreview r SET tdsp_id = NEW.tdsp_id
        WHERE r.state = 'held'
            AND r.id IN (SELECT consent_review_id FROM agreements_agreement WHERE premise_id = NEW.id)
            AND NOT EXISTS (
                SELECT FROM agreements_agreement WHERE consent_review_id = r.id AND tdsp_id <> NEW.tdsp_id
            )
            AND NOT EXISTS (
                SELECT FROM agreements_consentreview o
                WHERE o.submission_id = r.submission_id AND o.tdsp_id = NEW.tdsp_id AND o.state = 'held'
            );
        -- An email about agreements of several TDSPs belongs to none of them.
        UPDATE notifications_email e SET tdsp_id = (
            SELECT CASE WHEN min(tdsp_id) = max(tdsp_id) THEN min(tdsp_id) END
            FROM agreements_agreement WHERE number = ANY (e.about)
        )
        FROM agreements_agreement a WHERE a.premise_id = NEW.id AND e.about @> ARRAY[a.number];
        RETURN NULL;
    END
    $$;
"""
TRIGGER = """
    CREATE TRIGGER agreements_follow_premise AFTER UPDATE OF tdsp_id ON meters_premise
    FOR EACH ROW WHEN (OLD.tdsp_id IS DISTINCT FROM NEW.tdsp_id) EXECUTE FUNCTION agreements_follow_premise();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("agreements", "0001_initial"),
        ("meters", "0002_usage_day"),
        ("notifications", "0001_initial"),
    ]

    operations = [
        migrations.RunSQL(FUNCTION, "DROP FUNCTION agreements_follow_premise();"),
        migrations.RunSQL(TRIGGER, "DROP TRIGGER agreements_follow_premise ON meters_premise;"),
    ]

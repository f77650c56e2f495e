"""usage_day in SQL, because Django has no partitions."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("meters", "0001_initial")]

    operations = [
        migrations.RunSQL(
            """
            CREATE TABLE usage_day (
                revision_at timestamptz NOT NULL,
                premise_id integer NOT NULL,
                day date NOT NULL,
                channel smallint NOT NULL,
                est bytea,
                wh integer[] NOT NULL,
                PRIMARY KEY (premise_id, day, channel),
                CONSTRAINT usage_day_channel CHECK (channel IN (0, 1)),
                CONSTRAINT usage_day_slots CHECK (cardinality(wh) IN (92, 96, 100))
            ) PARTITION BY RANGE (day)
            """,
            "DROP TABLE usage_day",
        ),
    ]

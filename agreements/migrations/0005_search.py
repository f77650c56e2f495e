"""Search of 100,000 agreements of one company by number, ESIID, meter number and last name reads an index (T1)."""

from django.db import migrations, models

import agreements.name_key


def of_company(field, name):
    """For equal values and for those that begin alike, whatever the database's collation."""
    return migrations.AddIndex(
        "agreement",
        models.Index(fields=["company", field], name=name, opclasses=["int8_ops", "varchar_pattern_ops"]),
    )


class Migration(migrations.Migration):
    dependencies = [("agreements", "0004_trust")]

    operations = [
        # PostgreSQL's unaccent is an extension that the embedded server does not carry. NFKD takes most accents off;
        # translate and replace spell the letters that Unicode does not take apart; what is no letter or digit goes.
        migrations.RunSQL(
            """
            CREATE FUNCTION name_key(name text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
            RETURN left(
                regexp_replace(
                    replace(replace(replace(
                        translate(casefold(normalize(name, NFKD) COLLATE pg_unicode_fast), 'øłđðħŧı', 'olddhti'),
                        'æ', 'ae'), 'œ', 'oe'), 'þ', 'th'),
                    '[^[:alnum:]]', '', 'g'),
                60);
            """,
            "DROP FUNCTION name_key(text);",
        ),
        migrations.AddField(
            "agreement",
            "name_key",
            models.GeneratedField(
                expression=models.Case(
                    models.When(
                        models.Q(("was_registered", False), ("status", "complete"), _connector="OR"),
                        then=agreements.name_key.NameKey("last_name"),
                    )
                ),
                output_field=models.TextField(db_collation="C"),
                db_persist=True,
            ),
        ),
        of_company("number", "agreement_by_number"),
        of_company("esiid", "agreement_by_esiid"),
        of_company("meter_number", "agreement_by_meter"),
        migrations.AddIndex("agreement", models.Index(fields=["company", "name_key"], name="agreement_by_name")),
    ]

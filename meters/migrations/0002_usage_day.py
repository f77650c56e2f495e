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
        # Only the owner of a table may attach or drop a partition, and workers are not (O1): these run as the owner.
        migrations.RunSQL(
            """
            CREATE FUNCTION make_usage_partition(month date) RETURNS void
            LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
            DECLARE
                name text := to_char(month, '"usage_day_y"YYYY"m"MM');
                following date := month + interval '1 month';
            BEGIN
                IF month <> date_trunc('month', month) THEN
                    RAISE EXCEPTION 'Not the first day of a month.';
                END IF;
                -- Made apart and attached, because CREATE ... PARTITION OF would lock every reader out.
                EXECUTE format('CREATE TABLE IF NOT EXISTS public.%I '
                    '(LIKE public.usage_day INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', name);
                EXECUTE format('ALTER TABLE public.usage_day ATTACH PARTITION public.%I '
                    'FOR VALUES FROM (%L) TO (%L)', name, month, following);
            END
            $$;
            CREATE FUNCTION drop_usage_partition(month date) RETURNS void
            LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
            BEGIN
                EXECUTE format('DROP TABLE IF EXISTS public.%I', to_char(month, '"usage_day_y"YYYY"m"MM'));
            END
            $$
            """,
            "DROP FUNCTION drop_usage_partition(date); DROP FUNCTION make_usage_partition(date)",
        ),
        # What an import stages its batches in. Not a temporary table: a distributed usage_day is joined with it (ADR 31).
        migrations.RunSQL(
            """
            CREATE FUNCTION empty_usage_stage(number integer) RETURNS boolean
            LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
            DECLARE
                name text := format('public.usage_stage_%s', number);
                is_distributed boolean := false;
            BEGIN
                IF to_regclass(name) IS NOT NULL THEN
                    BEGIN  -- a backup reads every table that was there when it began, for hours
                        EXECUTE format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE NOWAIT', name);
                    EXCEPTION WHEN lock_not_available THEN
                        RETURN false;
                    END;
                    EXECUTE 'TRUNCATE ' || name;
                    RETURN true;
                END IF;
                EXECUTE format('CREATE UNLOGGED TABLE %s (premise_id integer NOT NULL, day date, channel smallint, '
                    'revision_at timestamptz, est bytea, wh integer[], present bytea)', name);
                IF to_regclass('pg_catalog.pg_dist_partition') IS NOT NULL THEN
                    EXECUTE 'SELECT EXISTS (SELECT FROM pg_dist_partition '
                        'WHERE logicalrelid = ''public.usage_day''::regclass)' INTO is_distributed;
                END IF;
                IF is_distributed THEN
                    EXECUTE format('SELECT create_distributed_table(%L, ''premise_id'', '
                        'colocate_with => ''public.usage_day'')', name);
                END IF;
                RETURN true;
            END
            $$
            """,
            "DROP FUNCTION empty_usage_stage(integer)",
        ),
    ]

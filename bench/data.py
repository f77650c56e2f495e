"""Premises and their usage, generated in the database: millions of days in a minute."""

from __future__ import annotations

from datetime import date, timedelta

from django.db import connection

from meters.models import Tdsp
from meters.usage.days import slots_on
from meters.usage.partitions import ensure_partitions

FIRST_DAY = date(2025, 1, 1)
PATTERNS = 997  # different days of readings; a prime, so that neighbors and weeks do not share them

_PREMISES = """
    INSERT INTO meters_premise (esiid, tdsp_id, address, address_overflow, city, state, zip_code, county,
        meter_read_cycle, status, premise_type, power_region, station_code, station_name, metered, open_service_orders,
        polr_customer_class, settlement_ams_indicator, tdsp_ams_indicator, switch_hold_indicator, metered_service_type,
        metered_service_type_description)
    SELECT '1044372' || lpad(n::text, 10, '0'), %s, n || ' BENCH RD', '', 'DALLAS', 'TX', '75201', '', '', 'Active', '',
        '', '', '', '', '', '', '', '', '', '', ''
    FROM generate_series(1, %s) n
"""
# A house: mostly hundreds of watt-hours a quarter hour, some zeros.
_PATTERNS = """
    CREATE TABLE bench_pattern AS
    SELECT n, slots, (SELECT array_agg((CASE WHEN random() < 0.02 THEN 0 ELSE 40 + 600 * random() * random() END)::int4
                                       + 0 * s) FROM generate_series(1, slots) s) AS wh
    FROM generate_series(0, %s - 1) n, (VALUES (92), (96), (100)) shape (slots)
"""
# Night by night, as TDSPs send files, so that the days of one premise are far apart on disk.
_NIGHT = """
    INSERT INTO usage_day (premise_id, day, channel, revision_at, est, wh)
    SELECT p.id, %(day)s, 0, %(day)s::timestamp + interval '1 day 12 hours', NULL, pattern.wh
    FROM meters_premise p JOIN bench_pattern pattern
      ON pattern.slots = %(slots)s AND pattern.n = (p.id * 31 + %(number)s * 7) %% %(patterns)s
    ORDER BY p.id
"""


def make_premises(count: int) -> None:
    """Replace all premises by `count` new ones."""
    with connection.cursor() as cursor:
        cursor.execute(
            "TRUNCATE meters_premise, usage_day, meters_carriedslots, meters_oldmonth RESTART IDENTITY CASCADE"
        )
        tdsp, _made = Tdsp.objects.get_or_create(duns="000000001", defaults={"name": "Bench Electric"})
        cursor.execute(_PREMISES, [tdsp.pk, count])
        cursor.execute("ANALYZE meters_premise")


def fill_usage(days: int) -> int:
    """Create usage of every premise for `days` days from FIRST_DAY; return the meter-days."""
    ensure_partitions(FIRST_DAY, FIRST_DAY + timedelta(days=days))
    made = 0
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS bench_pattern")
        cursor.execute("SELECT setseed(0.5)")
        cursor.execute(_PATTERNS, [PATTERNS])
        cursor.execute("ANALYZE bench_pattern")
        for number in range(days):
            day = FIRST_DAY + timedelta(days=number)
            cursor.execute(_NIGHT, {"day": day, "slots": slots_on(day), "number": number, "patterns": PATTERNS})
            made += cursor.rowcount
        cursor.execute("VACUUM (ANALYZE) usage_day")
    return made


def esiid(number: int) -> str:
    return f"1044372{number:010}"

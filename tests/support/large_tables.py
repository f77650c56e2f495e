"""Large tables, and how many rows a PostgreSQL plan reads in vain."""

from __future__ import annotations

import re

from django.db import connection, models

from agreements.models import Agreement
from companies.models import Company
from tests.factories import AgreementFactory


def rows_removed(plan: str) -> int:
    """Return the number of rows that a plan read and discarded."""
    return sum(map(int, re.findall(r"Rows Removed by Filter: ([0-9]+)", plan)))


def create_hundred_thousand_agreements() -> Company:
    """Create half as many agreements of each of two companies, with the same data, and return one company."""
    companies = [AgreementFactory(meter_number=f"0{place}").company for place in range(2)]
    different = {
        "number": "(300000000000 + 2 * n + right(meter_number, 1)::int)::text",
        "esiid": "'10443' || lpad(n::text, 12, '0')",
        "meter_number": "(500000 + n)::text",
        "street": "n % 50 || ' Boxwood' || to_hex(n) || ' Drive'",
        "last_name": "'Name' || chr(97 + n % 26) || to_hex(n)",
        "email": "'customer' || n || '@mail' || n / 2 || '.example'",
        "contact_email": "'contact' || n % 10 || '@company.example'",
        "status": "'withdrawn'",
        "initiated_at": "initiated_at - n * interval '1 minute'",
        "ended_at": "initiated_at",
    }
    multiply(Agreement, "generate_series(1, 50000) n", **different)
    return companies[0]


def multiply(model: type[models.Model], source: str, where: str = "true", **different: str) -> None:
    """Insert the product of the rows of `model`, as `t`, and those of `source`; `different` are columns, as SQL.

    Foreign keys are checked now: after a savepoint, which ends each test of a module, they would be checked again.
    Indexes are built from all rows together, which takes a fraction of the time.
    """
    columns = [one.column for one in model._meta.concrete_fields if not one.generated and not one.primary_key]
    values = [different.get(column, f"t.{column}") for column in columns]
    table = model._meta.db_table
    product = f"SELECT {', '.join(values)} FROM {table} t, {source} WHERE {where}"
    with connection.cursor() as cursor:
        connection.check_constraints()
        cursor.execute(
            "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = %s AND indexdef NOT LIKE '%% UNIQUE %%'",
            [table],
        )
        indexes = cursor.fetchall()
        for name, _definition in indexes:
            cursor.execute(f'DROP INDEX "{name}"')
        cursor.execute(f"INSERT INTO {table} ({', '.join(columns)}) {product}")
        connection.check_constraints()
        for _name, definition in indexes:
            cursor.execute(definition)
        cursor.execute(f"ANALYZE {table}")

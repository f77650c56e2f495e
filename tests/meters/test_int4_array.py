"""A day's readings as PostgreSQL sends them (R6)."""

from __future__ import annotations

import psycopg
import pytest
from django.db import connection
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from meters.usage.int4_array import unpack_array

# Near -1 and 255 the bytes of NULL stand in the middle of a number, or across two.
NUMBERS = st.one_of(st.integers(-(2**31), 2**31 - 1), st.sampled_from([-1, -256, 255, 4, 0xFFFF, 0x4FFFFFF]))
DAYS = st.sampled_from([92, 96, 100]).flatmap(
    lambda slots: st.lists(st.one_of(NUMBERS, st.none()), min_size=slots, max_size=slots)
)


@pytest.mark.django_db
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(day=[-1, None] * 48)
@example(day=[None] * 96)
@example(day=[*range(96)])
@example(day=[*range(88), *[None] * 8])  # as many bytes as a whole day of 92 slots without its first four
@given(day=DAYS)
def test_any_day_is_unpacked_as_it_was_stored(plain_cursor, day):
    """R6"""
    plain_cursor.execute("SELECT array_send(%b::int4[])", [day], binary=True)
    (sent,) = plain_cursor.fetchone()
    assert unpack_array(sent) == day


@pytest.fixture
def plain_cursor():
    connection.ensure_connection()
    with psycopg.Cursor(connection.connection) as cursor:
        yield cursor

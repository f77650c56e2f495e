"""How many requests a client may send in a minute, and how many of them are left (V14)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection
from django.db.models.functions import Now

from accounts.rate_limits import Limit
from api.models import ApiClient, RequestWindow

WINDOW_SECONDS = 60
_WINDOW = timedelta(seconds=WINDOW_SECONDS)
READ, WRITE, DOWNLOAD, TOKEN, PING = "read", "write", "download", "token", "ping"

# One statement, so that two requests at once are two. A statement that began before the minute ended counts in the
# new one, too.
_COUNT = f"""
INSERT INTO api_requestwindow AS kept (client_id, policy, begins_at, used)
VALUES (%s, %s, date_trunc('minute', statement_timestamp()), 1)
ON CONFLICT (client_id, policy) DO UPDATE SET
    used = CASE WHEN kept.begins_at >= EXCLUDED.begins_at THEN kept.used + 1 ELSE 1 END,
    begins_at = GREATEST(kept.begins_at, EXCLUDED.begins_at)
RETURNING used, begins_at, begins_at + interval '{WINDOW_SECONDS} seconds',
    greatest(ceil(extract(epoch FROM begins_at - statement_timestamp()))::int + {WINDOW_SECONDS}, 1)
"""


@dataclass(frozen=True)
class CountedRequest:
    """A request of a client, counted in its minute."""

    policy: str
    quota: int
    used: int
    ends_at: datetime
    seconds_left: int

    @property
    def is_over(self) -> bool:
        return self.used > self.quota

    @property
    def headers(self) -> dict[str, str]:
        """The fields of draft-ietf-httpapi-ratelimit-headers."""
        left = max(self.quota - self.used, 0)
        return {
            "RateLimit-Policy": f'"{self.policy}";q={self.quota};w={WINDOW_SECONDS}',
            "RateLimit": f'"{self.policy}";r={left};t={self.seconds_left}',
        }


def quotas() -> dict[str, int]:
    """Return how many requests of each policy a client may send in a minute."""
    return {
        READ: settings.API_READS_A_MINUTE,
        WRITE: settings.API_WRITES_A_MINUTE,
        DOWNLOAD: settings.API_DOWNLOADS_A_MINUTE,
        TOKEN: settings.API_TOKENS_A_MINUTE,
        PING: settings.API_PINGS_A_MINUTE,
    }


def count_request(client: ApiClient, policy: str) -> CountedRequest:
    """Count a request of `client`; whether it is over the limit is for the caller to say."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, [client.pk, policy])
        used, _begins_at, ends_at, seconds_left = cursor.fetchone()
    return CountedRequest(policy, quotas()[policy], used, ends_at, seconds_left)


def used_now(client: ApiClient) -> dict[str, int]:
    """Return how many requests of each policy `client` sent in this minute."""
    current = RequestWindow.objects.filter(client=client, begins_at__gt=Now() - _WINDOW)
    return dict.fromkeys(quotas(), 0) | dict(current.values_list("policy", "used"))


def failures_of(network: str) -> Limit:
    """Return the limit of failed authentications from one network address (P9)."""
    return Limit("api-failure", network, settings.API_FAILURES_PER_NETWORK, settings.API_FAILURE_PERIOD)

"""Examples of webhook endpoints and deliveries for the description. No secret in them works."""

from __future__ import annotations

from api.v1.examples import EVENT

ENDPOINT_REQUEST = {"url": "https://lone-star.example/webhooks", "types": ["*"], "description": "CRM in Dallas"}
ENDPOINT_CHANGE = {"enabled": False}
ENDPOINT = ENDPOINT_REQUEST | {
    "id": "whe_01JDTY9Q2W8C5V7N3MRXB6KA4H",
    "enabled": True,
    "created_at": "2026-11-28T19:15:00Z",
    "disabled_reason": None,
    "last_success_at": "2026-11-29T14:02:12Z",
    "last_failure_at": None,
    "consecutive_failures": 0,
    "secrets": [{"made_at": "2026-11-28T19:15:00Z", "ends_at": None}],
}
ENDPOINT_WITH_SECRET = ENDPOINT | {"secret": "whsec_…"}
ENDPOINT_LIST = {"data": [ENDPOINT], "next": None}
OVERLAP = {"overlap_hours": 24}
PING_RESULT = {"delivered": True, "status": 204, "took_ms": 87, "error": None}
DELIVERY = {
    "id": "dlv_01JDTYB3ZV2D8M6QK4W7HRXN5C",
    "event_id": EVENT["id"],
    "type": EVENT["type"],
    "state": "succeeded",
    "created_at": "2026-11-29T14:02:11Z",
    "attempts": [
        {"at": "2026-11-29T14:02:12Z", "status": 204, "took_ms": 93, "error": None, "response_start": ""},
    ],
    "next_attempt_at": None,
}
DELIVERY_PAGE = {"data": [DELIVERY], "next": None}
REPLAY = {"from": "2026-11-28T00:00:00Z", "before": "2026-11-29T00:00:00Z", "only_failed": True}
REPLAYED = {"queued": 17}

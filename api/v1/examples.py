"""Examples of bodies for the description. No key in them works: their check characters are wrong."""

from __future__ import annotations

ME = {
    "client": {"id": "K7M2QX94TB", "name": "CRM"},
    "company": {"name": "Lone Star Solar LLC", "standing": "approved"},
    "environment": "live",
    "scopes": ["agreements:read", "agreements:write", "agreements:manage", "reports:read", "webhooks:manage"],
    "key": {"prefix": "a1B2c3D4", "expires_at": "2027-11-28T19:15:00Z"},
    "limits": [
        {"policy": "read", "quota": 600, "window_seconds": 60, "used": 3},
        {"policy": "write", "quota": 60, "window_seconds": 60, "used": 0},
        {"policy": "download", "quota": 60, "window_seconds": 60, "used": 0},
        {"policy": "token", "quota": 30, "window_seconds": 60, "used": 1},
        {"policy": "ping", "quota": 10, "window_seconds": 60, "used": 0},
    ],
}
OLD_KEY_ENDS = {"old_key_ends_in_hours": 24}
NEW_KEY = {
    "key": "smtp_live_e5F6g7H8_…",
    "prefix": "e5F6g7H8",
    "expires_at": "2028-11-27T19:15:00Z",
    "old_key": {"prefix": "a1B2c3D4", "expires_at": "2027-11-29T19:15:00Z"},
}
TOKEN_ISSUED = {
    "access_token": "smtt_…",
    "token_type": "Bearer",
    "expires_in": 3600,
    "scope": "agreements:read reports:read",
}
UNKNOWN_SCOPE = {"error": "invalid_scope", "error_description": "Ask only for scopes that the client has."}
UNKNOWN_CLIENT = {"error": "invalid_client", "error_description": "Send the client's ID and a valid key."}
_PATH = "https://portal.example/api/v1/agreements/112826000001"
AGREEMENT = {
    "number": "112826000001",
    "test": False,
    "status": "pending",
    "initiated_at": "2026-11-28T19:15:00Z",
    "expires_at": "2026-12-28T19:15:00Z",
    "ended_at": None,
    "changed_at": "2026-11-28T19:15:00Z",
    "external_id": "deal-77",
    "esiid": "10443720009000017",
    "meter_number": "104051941",
    "report": {
        "type": "interval",
        "length": "12m",
        "granted_type": None,
        "granted_length": None,
        "state": "none",
    },
    "customer": {
        "registered": True,
        "kind": "residential",
        "name": "J••• A•••",
        "company_name": None,
        "address": "4•• N••• O•••, 75012",
        "phone": None,
        "email": "jane@example.com",
        "is_masked": True,
    },
    "contact": {"name": "James Wilson", "phone": "+15125550101", "email": "james@lone-star.example"},
    "comments": None,
    "privacy_policy_url": "https://lone-star.example/privacy",
    "attested_at": "2026-11-28T19:15:00Z",
    "authorization_reference": "contract 2026-118",
    "invitation": {"delivery": "sent", "last_sent_at": "2026-11-28T19:15:04Z", "reminders": 0},
    "allowed": ["resend", "withdraw"],
    "links": {
        "self": _PATH,
        "report": f"{_PATH}/report",
        "portal": "https://portal.example/agreements/112826000001/",
    },
}
AGREEMENT_TIMELINE = AGREEMENT | {
    "timeline": [{"at": "2026-11-28T19:15:00Z", "event": "initiated", "channel": "api", "by": "API client CRM"}]
}
AGREEMENT_PAGE = {"data": [AGREEMENT], "next": None}
AGREEMENT_SEARCH = {"by": "number", "items": ["112826*", "112825*"], "status": ["pending"], "limit": 50}
REPORT = {
    "agreement_number": "112826000001",
    "state": "ready",
    "made_at": "2026-11-29T14:02:11Z",
    "kept_until": "2027-01-28T14:02:11Z",
    "asked_period": {"first_day": "2025-11-29", "last_day": "2026-11-28"},
    "covered_period": {"first_day": "2025-11-29", "last_day": "2026-11-28"},
    "shortened": False,
    "intervals": {"minutes": 15, "expected": 35040, "present": 35036, "missing": 4, "estimated": 12},
    "days": {"in_period": 365, "with_data": 365},
    "missing_days": {},
    "total_wh": {"consumption": 12345678},
    "formats": [
        {
            "format": "csv",
            "href": f"{_PATH}/report/usage.csv",
            "content_type": "text/csv; charset=utf-8",
            "size": 2345678,
            "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        },
        {
            "format": "green_button",
            "href": f"{_PATH}/report/usage.xml",
            "content_type": "application/atom+xml; charset=utf-8",
            "size": None,
            "sha256": None,
        },
        {
            "format": "manifest",
            "href": f"{_PATH}/report/manifest.json",
            "content_type": "application/json",
            "size": None,
            "sha256": None,
        },
    ],
    "downloads": [{"at": "2026-11-29T15:00:00Z", "by": "API client CRM"}],
}
USAGE = {
    "agreement_number": "112826000001",
    "esiid": "10443720009000017",
    "meter_number": "104051941",
    "report_type": "daily",
    "time_zone": "America/Chicago",
    "interval_minutes": None,
    "covered_period": {"first_day": "2026-11-27", "last_day": "2026-11-27"},
    "series": [
        {
            "direction": "consumption",
            "days": [
                {
                    "day": "2026-11-27",
                    "wh": 31250,
                    "is_estimated": False,
                    "revision_at": "2026-11-28T09:40:00Z",
                    "expected_intervals": 96,
                    "present_intervals": 96,
                }
            ],
            "total_wh": 31250,
        }
    ],
}
MANIFEST = {
    "agreement_number": "112826000001",
    "report_type": "interval",
    "covered_period": {"first_day": "2025-11-29", "last_day": "2026-11-28"},
    "file": {"name": "smt-112826000001-15min.csv", "size_bytes": 2345678},
}
AGREEMENT_REQUEST = {
    "registered": True,
    "customer": {"kind": "residential", "email": "jane@example.com"},
    "meters": [{"esiid": "10443720009000017", "meter_number": "104051941", "external_id": "deal-77"}],
    "report": {"type": "interval", "length": "12m"},
    "comments": None,
    "attestation": {"holds_authorization": True, "reference": "contract 2026-118"},
}
CREATED_AGREEMENTS = {"data": [AGREEMENT]}
CHECKED_METERS = {
    "data": [
        {"esiid": "10443720009000017", "would_create": True, "quota": {"used": 1, "limit": 3, "next_free_at": None}}
    ]
}
EVENT = {
    "id": "evt_01JDTYB3M4QH7ZC8W2N5RVX6KA",
    "type": "report.ready",
    "timestamp": "2026-11-29T14:02:11Z",
    "test": False,
    "data": {
        "agreement_number": "112826000001",
        "external_id": "deal-77",
        "status": "complete",
        "report_state": "ready",
        "client_id": None,
        "key_prefix": None,
        "key_expires_at": None,
        "endpoint_id": None,
        "bulk_id": None,
        "url": _PATH,
    },
}
EVENT_PAGE = {"data": [EVENT], "next": "WzQyLFsxLCJsaXZlIl1d:1tGxyz:…"}
SANDBOX_EMAILS = {
    "data": [
        {
            "at": "2026-11-28T19:15:00Z",
            "kind": "EM201",
            "to": "customer",
            "subject": "Lone Star Energy is asking for your electricity usage data (meter 900001101)",
            "agreement_numbers": ["112826000001"],
            "bounced": False,
        }
    ]
}
SANDBOX_RESET = {"deleted": 12}

BULK_REQUEST = {
    "rows": [
        {
            "ESIID": "10443720009000017",
            "METER_NUMBER": "104051941",
            "REGISTERED": "no",
            "CUSTOMER_TYPE": "residential",
            "EMAIL": "rosa@example.com",
            "FIRST_NAME": "Rosa",
            "LAST_NAME": "Delgado",
            "STREET": "206 Boxwood Drive",
            "CITY": "Baytown",
            "STATE": "TX",
            "ZIP": "77520",
            "LANGUAGE": "es",
            "EXTERNAL_ID": "deal-77",
        }
    ],
    "report_type": "interval",
    "report_length": "12m",
    "attestation": {"holds_authorization": True},
}
BULK_INVITATION = {
    "id": "5b0ed21c-6d5a-4d0a-8d2f-0f3f5c3c2f11",
    "test": False,
    "state": "finished",
    "created_at": "2026-11-28T19:15:00Z",
    "ended_at": "2026-11-28T19:15:04Z",
    "continues_at": None,
    "stop_reason": None,
    "counts": {"not_checked": 0, "created": 1, "refused": 0, "canceled": 0},
    "rows": [
        {
            "row": 2,
            "status": "created",
            "agreement_number": "112826000001",
            "code": None,
            "column": None,
            "message": None,
        }
    ],
}

"""Examples of bodies for the description. No key in them works: their check characters are wrong."""

from __future__ import annotations

ME = {
    "client": {"id": "K7M2QX94TB", "name": "CRM"},
    "company": {"name": "Lone Star Solar LLC", "standing": "approved"},
    "environment": "live",
    "scopes": ["agreements:read", "agreements:write", "agreements:manage", "reports:read"],
    "key": {"prefix": "a1B2c3D4", "expires_at": "2027-11-28T19:15:00Z"},
    "limits": [
        {"policy": "read", "quota": 600, "window_seconds": 60, "used": 3},
        {"policy": "write", "quota": 60, "window_seconds": 60, "used": 0},
        {"policy": "download", "quota": 60, "window_seconds": 60, "used": 0},
        {"policy": "token", "quota": 30, "window_seconds": 60, "used": 1},
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
UNKNOWN_SCOPE = {"error": "invalid_scope", "error_description": "Ask for scopes that the client has."}
UNKNOWN_CLIENT = {"error": "invalid_client", "error_description": "Send the client's id and a key that works."}

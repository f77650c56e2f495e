"""What a client of the API may do: the permissions of a company's user, by the names that tokens carry (P2)."""

from __future__ import annotations

from collections.abc import Collection

from django.utils.translation import gettext_lazy as _

# Scope -> the field of Membership that it is.
MEMBER_SCOPES = {
    "agreements:read": "may_view",
    "agreements:write": "may_initiate",
    "agreements:manage": "may_resend_or_withdraw",
    "reports:read": "may_download",
}
WEBHOOKS = "webhooks:manage"  # events and endpoints: in the portal an administrator's, so no permission of a membership
SCOPES = (*MEMBER_SCOPES, WEBHOOKS)
SCOPE_CHOICES = [
    ("agreements:read", _("agreements:read – see the company's agreements and reports")),
    ("agreements:write", _("agreements:write – create agreements")),
    ("agreements:manage", _("agreements:manage – resend emails and withdraw pending agreements")),
    ("reports:read", _("reports:read – download report files")),
    (WEBHOOKS, _("webhooks:manage – read events and manage webhooks")),
]


def scopes_of(permissions: Collection[str]) -> list[str]:
    """Return the scopes that a user's `permissions` (names of Membership.PERMISSIONS) amount to."""
    return [scope for scope, permission in MEMBER_SCOPES.items() if permission in permissions]

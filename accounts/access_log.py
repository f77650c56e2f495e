"""Write and prune the log of staff's access to customer data (D3)."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db.models.functions import Now
from django.http import HttpRequest, HttpResponse
from django.utils.deprecation import MiddlewareMixin

from accounts.models import AccessLogEntry, signed_in
from lib.append_only import retention


class AccessLogMiddleware(MiddlewareMixin):
    """Write an entry for each of `request.viewed_records`. If that fails, the page is not shown (D3)."""

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        if viewed_records := getattr(request, "viewed_records", []):
            user = signed_in(request)
            AccessLogEntry.objects.bulk_create(
                AccessLogEntry(user=user, tdsp_id=user.tdsp_id, **vars(viewed)) for viewed in viewed_records
            )
        return response


def delete_old_entries(*, at: datetime | None = None) -> int:
    """Delete the entries older than settings.ACCESS_LOG_RETENTION and return their number (X6)."""
    with retention():
        return AccessLogEntry.objects.filter(at__lt=(at or Now()) - settings.ACCESS_LOG_RETENTION).delete()[0]

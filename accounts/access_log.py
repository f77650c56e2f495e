"""Write the log of staff's access to customer data (D3)."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils.deprecation import MiddlewareMixin

from accounts.models import AccessLogEntry, signed_in


class AccessLogMiddleware(MiddlewareMixin):
    """Write an entry for each of `request.viewed_records`. If that fails, the page is not shown (D3)."""

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        if viewed_records := getattr(request, "viewed_records", []):
            user = signed_in(request)
            AccessLogEntry.objects.bulk_create(
                AccessLogEntry(user=user, tdsp_id=user.tdsp_id, **vars(viewed)) for viewed in viewed_records
            )
        return response

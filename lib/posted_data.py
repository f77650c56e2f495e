"""What a form was filled in with."""

from __future__ import annotations

from django.http import HttpRequest, QueryDict


def posted_data(request: HttpRequest) -> QueryDict | None:
    """Return the data of a sent form, which may be empty; None if the form is shown for the first time."""
    return request.POST if request.method == "POST" else None

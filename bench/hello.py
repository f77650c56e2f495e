"""The portal's URLs and a minimal page behind the same middleware."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import path

from smt_portal.urls import urlpatterns as portal


def hello(request: HttpRequest) -> HttpResponse:
    return HttpResponse("Hello")


urlpatterns = [*portal, path("hello/", hello, name="hello")]

"""Addresses of v1. What is not there is a problem, not a page (V13)."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import path, re_path
from django.views.decorators.csrf import csrf_exempt

from api.problems import ApiProblem, problem_response
from api.v1.description import openapi
from api.v1.interface import interface


@csrf_exempt
def not_found(request: HttpRequest, **_path: Any) -> HttpResponse:
    return problem_response(request, ApiProblem("not-found"))


urlpatterns = [
    path("api/v1/openapi.json", csrf_exempt(openapi), name="api_openapi"),
    path("api/v1/", interface.urls),
    re_path(r"^api/v1/(?P<rest>.*)$", not_found, name="api_not_found"),
]

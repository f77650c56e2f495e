"""Pages of the documentation: public and in English, because third parties read them before they have an account."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.language import for_companies
from api.documentation.guides import GUIDES, file_purposes, guide_facts
from api.documentation.reference import load_reference
from api.problem_kinds import KINDS


def _page(request: HttpRequest, template: str, **context: Any) -> HttpResponse:
    context |= guide_facts() | {"reference": load_reference(), "guides": GUIDES.values()}
    return render(request, template, context)


@require_safe
@for_companies
def start(request: HttpRequest) -> HttpResponse:
    """Say what the API is, how to get access, and where what is (V3)."""
    return _page(request, "api/docs/start.html")


@require_safe
@for_companies
def quick_start(request: HttpRequest) -> HttpResponse:
    """Lead from a key to a report's file."""
    return _page(request, "api/docs/quick_start.html")


@require_safe
@for_companies
def guide_page(request: HttpRequest, guide: str) -> HttpResponse:
    if guide not in GUIDES:
        raise Http404
    reference, purposes = load_reference(), file_purposes()
    described = [(operation, purposes.get(operation.file_name, operation.summary)) for operation in reference.files]
    files = sorted(described, key=lambda file: file[0].group != "Reports")
    return _page(request, GUIDES[guide].template, guide=GUIDES[guide], files=files)


@require_safe
@for_companies
def reference_index(request: HttpRequest) -> HttpResponse:
    """List the operations and say what holds for all of them (V1, V2)."""
    return _page(request, "api/docs/reference.html", in_reference=True)


@require_safe
@for_companies
def operation_page(request: HttpRequest, operation: str) -> HttpResponse:
    reference = load_reference()
    if operation not in reference.operations:
        raise Http404
    chosen = reference.operations[operation]
    problems = reference.own_problems(chosen)
    return _page(request, "api/docs/operation.html", operation=chosen, problems=problems, in_reference=True)


@require_safe
@for_companies
def schema_page(request: HttpRequest, schema: str) -> HttpResponse:
    schemas = load_reference().schemas
    if schema not in schemas:
        raise Http404
    return _page(request, "api/docs/schema.html", schema=schemas[schema], in_reference=True)


@require_safe
@for_companies
def errors(request: HttpRequest) -> HttpResponse:
    """List every problem by its status (V13)."""
    by_status = groupby(sorted(KINDS.values(), key=lambda kind: kind.status), key=lambda kind: kind.status)
    return _page(request, "api/docs/errors.html", statuses=[(status, list(kinds)) for status, kinds in by_status])


@require_safe
@for_companies
def changes(request: HttpRequest) -> HttpResponse:
    """List what was changed and when (V4)."""
    return _page(request, "api/docs/changes.html")


@require_safe
@for_companies
def problem_page(request: HttpRequest, code: str) -> HttpResponse:
    """Explain one kind of problem to a developer; its address is the problem's type (V13)."""
    if code not in KINDS:
        raise Http404
    reference = load_reference()
    is_common = KINDS[code] in reference.common_problems
    operations = [] if is_common else reference.operations_with(code)
    return _page(request, "api/docs/problem.html", kind=KINDS[code], operations=operations, is_common=is_common)

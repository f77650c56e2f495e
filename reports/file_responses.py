"""The responses that carry a file: CSV or manifest (R5)."""

from __future__ import annotations

from collections.abc import Iterable

from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.cache import patch_vary_headers
from django.utils.http import content_disposition_header

from reports.gzip_stream import decompress
from reports.manifest import manifest_name, render_manifest
from reports.models import Report

CSV = "text/csv; charset=utf-8"


def file_response(request: HttpRequest, file_name: str, size: int, gzipped: bytes) -> HttpResponseBase:
    """Return the CSV: as it is stored to a browser that accepts gzip, otherwise decompressed while it is sent."""
    if accepts_gzip(request):
        response = _attachment(HttpResponse(gzipped), file_name, CSV, len(gzipped))
        response.headers["Content-Encoding"] = "gzip"
    else:
        response = plain_response(file_name, size, decompress(gzipped))
    patch_vary_headers(response, ["Accept-Encoding"])
    return response


def plain_response(file_name: str, size: int, chunks: Iterable[bytes] = ()) -> HttpResponseBase:
    """Return the CSV without compression; without `chunks` only its headers, for HEAD, which downloads nothing."""
    return _attachment(StreamingHttpResponse(chunks), file_name, CSV, size)


def manifest_response(report: Report) -> HttpResponseBase:
    content = render_manifest(report)
    return _attachment(HttpResponse(content), manifest_name(report), "application/json", len(content))


def accepts_gzip(request: HttpRequest) -> bool:
    """Return whether the Accept-Encoding header names gzip, or anything, with a weight above 0."""
    weights: dict[str, float] = {}
    for item in request.headers.get("Accept-Encoding", "").lower().split(","):
        name, _semicolon, parameter = (part.strip() for part in item.partition(";"))
        try:
            weights[name] = float(parameter.removeprefix("q=") or 1)
        except ValueError:
            weights[name] = 0
    return weights.get("gzip", weights.get("*", 0)) > 0


def _attachment(response: HttpResponseBase, name: str, content_type: str, size: int) -> HttpResponseBase:
    response.headers["Content-Type"] = content_type
    response.headers["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    response.headers["Content-Length"] = str(size)
    response.headers["Cache-Control"] = "private, no-store"
    return response

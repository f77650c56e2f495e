"""Responses that carry a file: whole or in part, compressed or not, or only the news that it has not changed (R8)."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseNotModified,
    StreamingHttpResponse,
)
from django.utils.cache import patch_vary_headers
from django.utils.http import content_disposition_header, http_date, parse_etags

from reports.gzip_stream import decompress

_RANGE = re.compile(r"bytes=\s*(?P<first>\d{0,18})-(?P<last>\d{0,18})\s*", re.IGNORECASE)


@dataclass(frozen=True)
class ReadyFile:
    """A file to send, as it is stored; `size` and `sha256` are those of the bytes inside."""

    name: str
    content_type: str
    size: int
    sha256: str
    gzipped: bytes
    made_at: datetime | None = None

    @property
    def etag(self) -> str:
        return f'"{self.sha256}"'

    @property
    def gzip_etag(self) -> str:
        """The tag of the compressed bytes, which are other bytes to a cache."""
        return f'"{self.sha256};gzip"'


def file_response(request: HttpRequest, file: ReadyFile) -> HttpResponseBase:
    """Answer a GET or HEAD: 200 or 206 with content, 304 if the browser has the file, 416 for a range outside of it.

    A part is a part of the uncompressed file. Several ranges at once, and ranges that cannot be read, get all of it.
    """
    headers = file_headers(file.name, content_type=file.content_type) | {"Accept-Ranges": "bytes"}
    if file.made_at:
        headers["Last-Modified"] = http_date(file.made_at.timestamp())
    response = _unchanged(request, file, headers) or _part(request, file, headers) or _whole(request, file, headers)
    patch_vary_headers(response, ["Accept-Encoding"])
    return response


def _unchanged(request: HttpRequest, file: ReadyFile, headers: dict[str, str]) -> HttpResponse | None:
    tags = parse_etags(request.headers.get("If-None-Match", ""))
    if not {tag.removeprefix("W/") for tag in tags} & {file.etag, file.gzip_etag, "*"}:
        return None
    etag = file.gzip_etag if accepts_gzip(request) else file.etag
    return HttpResponseNotModified(headers={"Cache-Control": headers["Cache-Control"], "ETag": etag})


def _part(request: HttpRequest, file: ReadyFile, headers: dict[str, str]) -> HttpResponseBase | None:
    match = _RANGE.fullmatch(request.headers.get("Range", "")) if request.method == "GET" else None
    if match is None or match["first"] == match["last"] == "":
        return None
    if request.headers.get("If-Range", file.etag) != file.etag:
        return None
    if match["first"]:
        first = int(match["first"])
        last = min(int(match["last"]), file.size - 1) if match["last"] else file.size - 1
        if match["last"] and int(match["last"]) < first:
            return None
    else:
        first, last = max(file.size - int(match["last"]), 0), file.size - 1
    if first > last:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{file.size}", "Accept-Ranges": "bytes"})
    headers = headers | _identity_headers(file)
    headers |= {"Content-Range": f"bytes {first}-{last}/{file.size}", "Content-Length": str(last - first + 1)}
    return StreamingHttpResponse(_cut(decompress(file.gzipped), first, last + 1), status=206, headers=headers)


def _whole(request: HttpRequest, file: ReadyFile, headers: dict[str, str]) -> HttpResponseBase:
    if accepts_gzip(request):
        digest = hashlib.sha256(file.gzipped).digest()
        headers |= {"Content-Encoding": "gzip", "Content-Length": str(len(file.gzipped)), "ETag": file.gzip_etag}
        body = b"" if request.method == "HEAD" else file.gzipped
        return HttpResponse(body, headers=headers | {"Repr-Digest": _digest(digest)})
    headers |= _identity_headers(file)
    if request.method == "HEAD":
        return HttpResponse(headers=headers)
    return StreamingHttpResponse(decompress(file.gzipped), headers=headers)


def _identity_headers(file: ReadyFile) -> dict[str, str]:
    digest = _digest(bytes.fromhex(file.sha256))
    return {"Content-Length": str(file.size), "ETag": file.etag, "Repr-Digest": digest}


def _digest(sha256: bytes) -> str:
    """Return a Repr-Digest (RFC 9530)."""
    return f"sha-256=:{base64.b64encode(sha256).decode()}:"


def _cut(chunks: Iterable[bytes], begin: int, end: int) -> Iterator[bytes]:
    """Yield the bytes from `begin` to before `end`."""
    at = 0
    for chunk in chunks:
        if at + len(chunk) > begin:
            yield chunk[max(begin - at, 0) : end - at]
        at += len(chunk)
        if at >= end:
            return


def file_headers(
    file_name: str, size: int | None = None, content_type: str = "text/csv; charset=utf-8"
) -> dict[str, str]:
    """Return the headers of a file to download, whose size in bytes may not be known yet."""
    return {
        "Content-Type": content_type,
        "Content-Disposition": content_disposition_header(True, file_name) or "attachment",
        "Cache-Control": "private, no-store",
        **({} if size is None else {"Content-Length": str(size)}),
    }


def accepts_gzip(request: HttpRequest) -> bool:
    """Return whether the Accept-Encoding header prefers gzip to the uncompressed bytes (RFC 9110)."""
    weights: dict[str, float] = {}
    for item in request.headers.get("Accept-Encoding", "").lower().split(","):
        name, _semicolon, parameter = (part.strip() for part in item.partition(";"))
        try:
            weights[name] = float(parameter.removeprefix("q=") or 1)
        except ValueError:
            weights[name] = 0
    gzip_weight = weights.get("gzip", weights.get("*", 0))
    return gzip_weight > 0 and gzip_weight >= weights.get("identity", 0)

"""Pages of development's inbox (E4). They show all mail, decision links included: never in production."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.http import content_disposition_header
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from local.inbox import HEADER_BYTES, CaughtEmail, list_names, read_email, search_names

PAGE_LENGTH = 50
# An email's HTML is displayed and its links work, but nothing in it runs or loads anything.
SANDBOX = "allow-popups allow-popups-to-escape-sandbox allow-top-navigation-by-user-activation"
EMAIL_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; "
    f"frame-ancestors 'self'; sandbox {SANDBOX}"
)


def development_only(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Answer 404 unless settings.MAILBOX_DIR is set and this is not production."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if settings.PRODUCTION or not settings.MAILBOX_DIR:
            raise Http404
        return view(request, *args, **kwargs)

    return never_cache(require_safe(guarded))


@development_only
def inbox(request: HttpRequest) -> HttpResponse:
    """List the emails, newest first; with `?to=` those whose recipients contain it."""
    to = request.GET.get("to", "").strip()[:254]
    page = Paginator(search_names(to) if to else list_names(), PAGE_LENGTH).get_page(request.GET.get("page"))
    mails = [mail for name in page if (mail := read_email(name, HEADER_BYTES))]
    return render(request, "local/inbox.html", {"page_obj": page, "mails": mails, "to": to})


@development_only
def inbox_message(request: HttpRequest, name: str) -> HttpResponse:
    """Show one email: headers, HTML in a sandbox, plain text, attachments."""
    return render(request, "local/inbox_message.html", {"mail": _email_or_404(name), "sandbox": SANDBOX})


@development_only
@xframe_options_sameorigin
def inbox_html(request: HttpRequest, name: str) -> HttpResponse:
    """Show the HTML part as it is, with links that leave the frame."""
    html = _email_or_404(name).html
    framed = re.sub(r"(<head[^>]*>|\A(?!.*<head))", r'\1<base target="_top">', html, count=1, flags=re.I | re.S)
    return HttpResponse(framed, headers={"Content-Security-Policy": EMAIL_POLICY})


@development_only
def inbox_attachment(request: HttpRequest, name: str, number: int) -> HttpResponse:
    """Download an attached file."""
    for file in _email_or_404(name).attachments:
        if file.number == number:
            disposition = content_disposition_header(True, file.name) or "attachment"
            headers = {"Content-Type": "application/octet-stream", "Content-Disposition": disposition}
            return HttpResponse(file.content, headers=headers)
    raise Http404


def _email_or_404(name: str) -> CaughtEmail:
    email = read_email(name)
    if email is None:
        raise Http404
    return email

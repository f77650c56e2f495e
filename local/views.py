"""Pages of development's mailbox (E4). They show everybody's mail, decision links included: never in production."""

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

from local import inbox as caught

PAGE_LENGTH = 50
# A mail is somebody else's HTML: it shows, its links open, and nothing in it runs or calls home.
SANDBOX = "allow-popups allow-popups-to-escape-sandbox allow-top-navigation-by-user-activation"
MAIL_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; "
    f"frame-ancestors 'self'; sandbox {SANDBOX}"
)


def development_only(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """404 unless this machine keeps its mail for reading (settings.MAILBOX_DIR)."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if settings.PRODUCTION or not settings.MAILBOX_DIR:
            raise Http404
        return view(request, *args, **kwargs)

    return never_cache(require_safe(guarded))


@development_only
def inbox(request: HttpRequest) -> HttpResponse:
    """The list, newest first; `?to=` keeps mails to addresses that contain it."""
    to = request.GET.get("to", "").strip()[:254]
    names = caught.search(to) if to else caught.names()
    page = Paginator(names, PAGE_LENGTH).get_page(request.GET.get("page"))
    mails = [mail for name in page if (mail := caught.glance(name))]
    return render(request, "local/inbox.html", {"page_obj": page, "mails": mails, "to": to})


@development_only
def inbox_message(request: HttpRequest, name: str) -> HttpResponse:
    """One mail: headers, HTML in a sandbox, plain text, attachments."""
    return render(request, "local/inbox_message.html", {"mail": _mail_or_404(name), "sandbox": SANDBOX})


@development_only
@xframe_options_sameorigin
def inbox_html(request: HttpRequest, name: str) -> HttpResponse:
    """The HTML part as it is, with links that leave the frame."""
    html = _mail_or_404(name).html
    framed = re.sub(r"(<head[^>]*>|\A(?!.*<head))", r'\1<base target="_top">', html, count=1, flags=re.I | re.S)
    return HttpResponse(framed, headers={"Content-Security-Policy": MAIL_POLICY})


@development_only
def inbox_attachment(request: HttpRequest, name: str, number: int) -> HttpResponse:
    """An attached file, to be saved."""
    for file in _mail_or_404(name).attachments:
        if file.number == number:
            saved_as = content_disposition_header(True, file.name) or "attachment"
            return HttpResponse(
                file.content, content_type="application/octet-stream", headers={"Content-Disposition": saved_as}
            )
    raise Http404


def _mail_or_404(name: str) -> caught.Mail:
    mail = caught.read(name)
    if mail is None:
        raise Http404
    return mail

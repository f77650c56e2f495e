"""Messages to the next page, in a cookie that only this host can set, else in the session."""

from __future__ import annotations

from django.conf import settings
from django.contrib.messages.storage.cookie import CookieStorage
from django.contrib.messages.storage.fallback import FallbackStorage
from django.contrib.messages.storage.session import SessionStorage


class HostCookieStorage(CookieStorage):
    cookie_name = f"{settings.COOKIE_PREFIX}messages"


class HostMessageStorage(FallbackStorage):
    storage_classes = (HostCookieStorage, SessionStorage)

"""Connect what happens at sign-in."""

from __future__ import annotations

from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        from accounts.session_limits import start_session  # noqa: PLC0415 - models are loaded only now

        user_logged_in.connect(start_session, dispatch_uid="start_session")

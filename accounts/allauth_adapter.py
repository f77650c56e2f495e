"""How django-allauth behaves here."""

from __future__ import annotations

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class AccountAdapter(DefaultAccountAdapter):
    """Accounts are opened by an operator, not by anybody who comes along."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

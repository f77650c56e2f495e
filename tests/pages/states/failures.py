"""Pages for what went wrong."""

from __future__ import annotations

from typing import Any

from django.test import Client, RequestFactory
from django.urls import reverse
from django.views import defaults

from tests.pages.states.registry import state
from tests.pages.world import World


@state("home", "anonymous", "no such page")
def _no_such_page(client: Client, world: World) -> Any:
    return client.get("/there/is/no/such/page/")


@state("account_login", "anonymous", "a form from elsewhere")
def _form_from_elsewhere(client: Client, world: World) -> Any:
    strict = Client(enforce_csrf_checks=True, headers=client.defaults and {})
    strict.cookies = client.cookies
    return strict.post(reverse("account_login"), {"login": "a", "password": "b"})


for _error in (defaults.bad_request, defaults.permission_denied):

    @state("home", "anonymous", _error.__name__)
    def _refused(client: Client, world: World, error: Any = _error) -> Any:
        return error(RequestFactory().get("/"), Exception())


@state("home", "anonymous", "our own failure")
def _failure(client: Client, world: World) -> Any:
    return defaults.server_error(RequestFactory().get("/"))

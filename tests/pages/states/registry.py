"""How a state of a page is named and opened."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from django.test import Client
from django.urls import reverse

from tests.pages.world import World

Open = Callable[[Client, World], Any]
_STATES: list[tuple[str, str, str, Open]] = []


def state(name: str, role: str, what: str) -> Callable[[Open], Open]:
    """The page of URL `name` as `role` sees it, `what` says in which state."""

    def add(open_page: Open) -> Open:
        _STATES.append((name, role, what, open_page))
        return open_page

    return add


def states() -> Iterator[tuple[str, str, str, Open]]:
    return iter(_STATES)


def at(name: str, *args: Any) -> Open:
    return lambda client, world: client.get(reverse(name, args=[world.get(arg, arg) for arg in args]))


def sent(name: str, *args: Any, **data: str) -> Open:
    return lambda client, world: client.post(reverse(name, args=[world.get(arg, arg) for arg in args]), data)

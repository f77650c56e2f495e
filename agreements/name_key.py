"""A customer's last name as the search compares it (T1), kept by the database: no update of a name can forget it."""

from __future__ import annotations

from django.db import models

from agreements.states import Status

# While a third party sees the name masked, the agreement has no key: neither a search nor an order can tell it (T6).
NAME_IS_SHOWN = models.Q(was_registered=False) | models.Q(status=Status.COMPLETE)


class NameKey(models.Func):
    """A name without case, accents, spaces, hyphens and apostrophes: `Núñez-O’Brien` is `nunezobrien`.

    An immutable SQL function (migration 0005), the same for what is kept and for what is typed.
    """

    function = "name_key"
    arity = 1
    output_field = models.TextField()


SHOWN_NAME_KEY = models.Case(models.When(NAME_IS_SHOWN, then=NameKey("last_name")))

"""A customer's last name as the search compares it: a generated column, so no update can miss it (T1)."""

from __future__ import annotations

from django.db import models

from agreements.states import Status

# While the third party sees a masked name, the key is null: neither search nor order can reveal it (T6).
NAME_IS_VISIBLE = models.Q(was_registered=False) | models.Q(status=Status.COMPLETE)


class NameKey(models.Func):
    """A name without case, accents, spaces, hyphens and apostrophes: `Núñez-O’Brien` is `nunezobrien`.

    An immutable SQL function of the first migration, used for the column and for search terms.
    """

    function = "name_key"
    arity = 1
    output_field = models.TextField()


VISIBLE_NAME_KEY = models.Case(models.When(NAME_IS_VISIBLE, then=NameKey("last_name")))

"""The key by which a third party searches and sorts customers' names (T1, T6)."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from agreements.states import Status

# While the third party sees a masked name, the key is null: neither search nor order can reveal it (T6).
NAME_IS_VISIBLE = Q(was_registered=False) | Q(status=Status.COMPLETE)


class NameKey(models.Func):
    """A name without case, accents, spaces, hyphens and apostrophes: `Núñez-O’Brien` is `nunezobrien`.

    An immutable SQL function of the first migration, used for the column and for search terms.
    """

    function = "name_key"
    arity = 1
    output_field = models.TextField()


VISIBLE_NAME_KEY = models.Case(models.When(NAME_IS_VISIBLE, then=NameKey("last_name")))

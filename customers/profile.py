"""A customer's own changes to the profile (C3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from customers.models import Customer

USER_FIELDS = ("first_name", "last_name", "phone", "phone_extension", "language")
CUSTOMER_FIELDS = ("middle_initial", "suffix", "title", "company_name")


@transaction.atomic
def change_profile(customer: Customer, values: Mapping[str, Any]) -> None:
    """Change the fields that `values` has. Existing agreements keep what they said when they were initiated."""
    for record, names in ((customer.user, USER_FIELDS), (customer, CUSTOMER_FIELDS)):
        changed = [name for name in names if name in values]
        for name in changed:
            setattr(record, name, values[name])
        record.save(update_fields=changed)

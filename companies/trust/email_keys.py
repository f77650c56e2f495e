"""Email addresses as indexes know them: who looks for one mailbox reads its agreements and not all there are (X1, X2).

The keys are coarser than companies.trust.email_identity: the addresses of one mailbox have one key, and so may others;
the regular expressions from there decide.
"""

from __future__ import annotations

from django.db import models


class MailboxKey(models.Func):
    """What stands before the @ without case, quotes, dots and a +tag: `"Ro.Sa+solar"@gmail.com` is `rosa`."""

    template = "translate(lower(split_part(split_part(%(expressions)s, '@', 1), '+', 1)), '.\"', '')"
    arity = 1
    output_field = models.TextField()


class DomainKey(models.Func):
    """The mail domain from its end, so that all names under a domain begin alike: `x@mail.shop.example` is
    `elpmaxe.pohs.liam`."""

    template = "reverse(rtrim(lower(split_part(%(expressions)s, '@', -1)), '.'))"
    arity = 1
    output_field = models.TextField()

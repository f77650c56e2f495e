"""The identity behind an email address: its mailbox and its registered domain (X1, X2).

`Rosa+solar@GoogleMail.com` and `ro.sa@gmail.com` are one mailbox; `billing.shop.example` and `shop.example` have one
owner. Comparing addresses literally is easy to defeat.
"""

from __future__ import annotations

import re
from contextlib import suppress

from django.db import models

from companies.trust.mail_providers import PERSONAL_SUBDOMAINS, PUBLIC_DOMAINS

# Other names of the same mailboxes.
_ALIASES = {
    "googlemail.com": "gmail.com",
    "me.com": "icloud.com",
    "mac.com": "icloud.com",
    "pm.me": "proton.me",
    "protonmail.com": "proton.me",
}
_IGNORES_DOTS = frozenset({"gmail.com", "proton.me"})
# In `co.uk`, `com.mx` or `tx.us` the owner registered the label before them.
_SECOND_LEVEL = frozenset({"ac", "co", "com", "edu", "gob", "gov", "mil", "net", "org"})


def normalize_domain(address: str) -> str:
    """Return the mail domain in lower case and ASCII, as SMTP writes it; for an alias the main name."""
    domain = address.rpartition("@")[2].strip().rstrip(".").lower()
    with suppress(UnicodeError):  # not a name that DNS could hold: compared as it is
        domain = domain.encode("idna").decode()
    return _ALIASES.get(domain, domain)


def normalize_mailbox(address: str) -> str:
    """Return the mailbox that `address` leads to, without case, quotes, a +tag and dots that are ignored."""
    domain = normalize_domain(address)
    local = address.rpartition("@")[0].strip().strip('"').lower()
    local = local.partition("+")[0] or local
    return f"{local.replace('.', '') if domain in _IGNORES_DOTS else local}@{domain}"


def registered_domain(address: str) -> str:
    """Return the part of the mail domain that one owner has: `shop.example` of `x@mail.shop.example`.

    For a subdomain that a provider gives to one customer it is the subdomain. Empty for a public domain and for an IP
    address.
    """
    domain = normalize_domain(address)
    if domain.startswith("["):
        return ""
    labels = domain.split(".")
    has_second_level = len(labels) > 2 and len(labels[-1]) == 2 and (labels[-2] in _SECOND_LEVEL or labels[-1] == "us")
    size = 3 if has_second_level else 2
    registered = ".".join(labels[-size:])
    if registered in PERSONAL_SUBDOMAINS and len(labels) > size:
        return ".".join(labels[-size - 1 :])
    return "" if registered in PUBLIC_DOMAINS else registered


def domain_spellings(domain: str) -> list[str]:
    """Return `domain` as SMTP writes it and, where they differ, as people do."""
    try:
        return sorted({domain, domain.encode().decode("idna")})
    except UnicodeError:
        return [domain]


# For PostgreSQL, without regard to case. They decide among the rows that the coarser index keys below find.


def mailbox_regex(address: str) -> str:
    """Return a regular expression that matches every address of the mailbox of `address`."""
    local, _at, domain = normalize_mailbox(address).rpartition("@")
    dots = r"\.?" if domain in _IGNORES_DOTS else ""
    names = {domain, *(alias for alias, name in _ALIASES.items() if name == domain)}
    domains = "|".join(re.escape(spelling) for name in sorted(names) for spelling in domain_spellings(name))
    return rf'^"?{dots.join(re.escape(character) for character in local)}(\+[^@]*)?"?@({domains})\.?$'


def domain_regex(domain: str) -> str:
    """Return a regular expression that matches every address under a registered domain."""
    return rf"[@.]({'|'.join(re.escape(spelling) for spelling in domain_spellings(domain))})\.?$"


class MailboxKey(models.Func):
    """The part before the @ without case, quotes, dots and a +tag: `"Ro.Sa+solar"@gmail.com` is `rosa`.

    All addresses of one mailbox have one key; different mailboxes may share it.
    """

    template = "translate(lower(split_part(split_part(%(expressions)s, '@', 1), '+', 1)), '.\"', '')"
    arity = 1
    output_field = models.TextField()


class DomainKey(models.Func):
    """The mail domain reversed, so that all names under a domain have one prefix.

    The key of `x@mail.shop.example` is `elpmaxe.pohs.liam`.
    """

    template = "reverse(rtrim(lower(split_part(%(expressions)s, '@', -1)), '.'))"
    arity = 1
    output_field = models.TextField()

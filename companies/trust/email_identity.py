"""Which mailbox an address leads to, however it is written, and whose its mail domain is (X1).

`Rosa+solar@GoogleMail.com` and `ro.sa@gmail.com` are one mailbox; `billing.shop.example` and `shop.example` are one
owner's. Whoever compares addresses letter by letter is led by the nose.
"""

from __future__ import annotations

import re

# Mail domains that anybody can have: sharing one says nothing. A company that has only such an address has no domain of
# its own.
PUBLIC_DOMAINS = frozenset(
    """
    aol.com att.net bellsouth.net centurylink.net centurytel.net charter.net comcast.net consolidated.net cox.net
    earthlink.net embarqmail.com fastmail.com frontier.com frontiernet.net gmail.com gmx.com grandecom.net gvtc.com
    hotmail.com hughes.net icloud.com juno.com live.com mail.com msn.com netzero.net optimum.net outlook.com
    proton.me rocketmail.com rr.com sbcglobal.net spectrum.net suddenlink.net swbell.net tutanota.com valornet.com
    verizon.net windstream.net yahoo.com yahoo.es ymail.com zoho.com
    """.split()
)
# Other names of the same mailboxes.
_ALIASES = {
    "googlemail.com": "gmail.com",
    "me.com": "icloud.com",
    "mac.com": "icloud.com",
    "pm.me": "proton.me",
    "protonmail.com": "proton.me",
}
_IGNORES_DOTS = frozenset({"gmail.com", "proton.me"})
# `co.uk`, `com.mx`, `tx.us`: what stands before them has an owner, they have none.
_SECOND_LEVEL = frozenset({"ac", "co", "com", "edu", "gob", "gov", "mil", "net", "org"})


def domain_of(address: str) -> str:
    """The mail domain in lower case, as SMTP writes it (ASCII), under its first name where it has several."""
    domain = address.rpartition("@")[2].strip().rstrip(".").lower()
    try:
        domain = domain.encode("idna").decode()
    except UnicodeError:
        pass  # no name that DNS could hold; compared as it stands
    return _ALIASES.get(domain, domain)


def mailbox_of(address: str) -> str:
    """The mailbox that gets what is sent to `address`: without case, quotes, a +tag, and dots that are ignored."""
    domain = domain_of(address)
    local = address.rpartition("@")[0].strip().strip('"').lower()
    local = local.partition("+")[0] or local
    return f"{local.replace('.', '') if domain in _IGNORES_DOTS else local}@{domain}"


def owned_domain(address: str) -> str:
    """The part of the mail domain that somebody registered: `shop.example` of `x@mail.shop.example`. Empty for a public
    one and for an IP address."""
    domain = domain_of(address)
    if domain.startswith("["):
        return ""
    labels = domain.split(".")
    has_second_level = len(labels) > 2 and len(labels[-1]) == 2 and (labels[-2] in _SECOND_LEVEL or labels[-1] == "us")
    owned = ".".join(labels[-3:] if has_second_level else labels[-2:])
    return "" if owned in PUBLIC_DOMAINS else owned


def spellings(address: str) -> str:
    """A regular expression, for PostgreSQL and without regard to case, of every address that leads to the mailbox."""
    local, _at, domain = mailbox_of(address).rpartition("@")
    dots = r"\.?" if domain in _IGNORES_DOTS else ""
    names = {domain, *(alias for alias, name in _ALIASES.items() if name == domain)}
    domains = "|".join(re.escape(one) for name in sorted(names) for one in spelled_domain(name))
    return rf'^"?{dots.join(re.escape(one) for one in local)}(\+[^@]*)?"?@({domains})\.?$'


def under_domain(domain: str) -> str:
    """A regular expression, as above, of every address under a domain that somebody owns."""
    return rf"[@.]({'|'.join(re.escape(name) for name in spelled_domain(domain))})\.?$"


def spelled_domain(domain: str) -> list[str]:
    """`domain` as SMTP writes it and, where they differ, as people do."""
    try:
        return sorted({domain, domain.encode().decode("idna")})
    except UnicodeError:
        return [domain]

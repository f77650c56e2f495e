"""Where webhooks may be sent: which URLs an endpoint can have, and which network addresses they may lead to (W8)."""

from __future__ import annotations

import re
import socket
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

LONGEST_URL = 500
_NAME = re.compile(r"(?=.{1,253}$)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")  # a last part like this makes a name an IPv4 address to some programs
_NAT64 = ip_network("64:ff9b::/96")  # an IPv4 address in the lower half (RFC 6052)
_GLOBAL_UNICAST = ip_network("2000::/3")
_WITH_IPV4 = (ip_network("2002::/16"), ip_network("2001::/32"))  # 6to4 and Teredo lead to the address that is inside

Address = IPv4Address | IPv6Address


class UrlRefused(Exception):
    """An endpoint cannot have this URL; the message says what is wrong, without repeating it."""


class AddressRefused(Exception):
    """The name of the host leads nowhere, or to where webhooks must not go."""


@dataclass(frozen=True)
class WebhookUrl:
    """A URL that was checked: host in lower case without brackets, port, and what comes after them."""

    scheme: str
    host: str
    port: int
    target: str

    @property
    def host_header(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.scheme == "https" else 80) else f"{host}:{self.port}"


def parse_url(text: str) -> WebhookUrl:
    """Return the parts of a URL. Raises UrlRefused; whether its host may be reached is not asked here."""
    if len(text) > LONGEST_URL:
        raise UrlRefused(f"Enter a URL of {LONGEST_URL} characters or fewer.")
    if not text.isascii() or not text.isprintable() or set(text) & set(' \\<>"{}|^`'):
        raise UrlRefused("Enter the URL without spaces. Encode all characters that aren't ASCII.")
    try:
        parts = urlsplit(text)
        port, host = parts.port, (parts.hostname or "").lower()
    except ValueError as error:
        raise UrlRefused("Enter a URL such as https://example.com/webhooks.") from error
    schemes = ("https", "http") if settings.WEBHOOKS_ALLOW_PRIVATE else ("https",)
    if parts.scheme not in schemes or not host or "%" in host:
        raise UrlRefused("Enter a URL that starts with https:// and has the name of a host.")
    if "@" in parts.netloc:
        raise UrlRefused("Enter a URL without a user name or password.")
    if "#" in text:
        raise UrlRefused("Enter a URL without a fragment (#).")
    port = port if port is not None else (443 if parts.scheme == "https" else 80)
    if port != 443 and port < 1024 and not settings.WEBHOOKS_ALLOW_PRIVATE:
        raise UrlRefused("Enter a URL with port 443, or a port of 1024 or above.")
    is_name = bool(_NAME.fullmatch(host)) and not _NUMBER.fullmatch(host.rpartition(".")[2])
    if not is_name and _literal(host) is None and not settings.WEBHOOKS_ALLOW_PRIVATE:
        raise UrlRefused("Enter the full name of a host on the internet, or its address.")
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return WebhookUrl(parts.scheme, host, port, target)


def resolve(url: WebhookUrl) -> list[tuple[Any, ...]]:
    """Return where to connect to, as `socket.getaddrinfo` does, after every address was checked.

    The name is resolved here and nowhere else: connect to one of these. Raises AddressRefused.
    """
    own_hosts = {
        host.strip("[]").lower() for host in (urlsplit(settings.PORTAL_ORIGIN).hostname or "", *settings.ALLOWED_HOSTS)
    }
    if url.host in own_hosts and not settings.WEBHOOKS_ALLOW_PRIVATE:
        raise AddressRefused("refused")
    try:
        found = socket.getaddrinfo(url.host, url.port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    except (OSError, UnicodeError) as error:
        raise AddressRefused("dns") from error
    addresses = [ip_address(str(sockaddr[0]).partition("%")[0]) for *_kind, sockaddr in found]
    if not addresses:
        raise AddressRefused("dns")
    if not settings.WEBHOOKS_ALLOW_PRIVATE and not all(map(is_public, addresses)):
        raise AddressRefused("refused")
    return found


def is_public(address: Address) -> bool:
    """Return whether `address` is global unicast, also inside IPv6, and not one of WEBHOOKS_REFUSED_NETWORKS."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped:
            return is_public(address.ipv4_mapped)
        if address in _NAT64:
            return is_public(IPv4Address(int(address) & 0xFFFFFFFF))
        if address not in _GLOBAL_UNICAST or any(address in network for network in _WITH_IPV4):
            return False
    if any(address in ip_network(network) for network in settings.WEBHOOKS_REFUSED_NETWORKS):
        return False
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


def _literal(host: str) -> Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None

"""Where a request comes from: the client's address behind our proxies, and the network that limits count (X1, X2)."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest

IPV6_PREFIX_LENGTH = 64  # a household or an office gets a /64; the lower half of its addresses changes by itself


def client_address(request: HttpRequest) -> IPv4Address | IPv6Address | None:
    """Return the address of the client, or None if it is not known.

    It is the peer's, or what the outermost of settings.TRUSTED_PROXY_COUNT proxies wrote into X-Forwarded-For, with or
    without a port. With fewer hops than proxies, the request reached an inner proxy directly: the first hop counts.
    """
    hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",") if hop.strip()]
    proxy_count = min(settings.TRUSTED_PROXY_COUNT, len(hops))
    host: str = hops[-proxy_count] if proxy_count else request.META.get("REMOTE_ADDR", "")
    if host.startswith("["):
        host = host[1:].partition("]")[0]  # [2001:db8::1]:443
    elif host.count(":") == 1:
        host = host.partition(":")[0]  # 192.0.2.1:443
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return None
    # A server that listens on [::] sees IPv4 clients as ::ffff:192.0.2.1.
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def client_network(request: HttpRequest) -> str:
    """Return the client's network as text: its IPv4 address or its IPv6 /64; empty if it is not known."""
    address = client_address(request)
    if isinstance(address, IPv6Address):
        return str(ip_network((address, IPV6_PREFIX_LENGTH), strict=False))
    return str(address or "")

"""One reading of the client's address and network, for fingerprints and rate limits (X1, X2)."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from lib.client_address import client_address, client_network


@pytest.mark.parametrize(
    ("proxy_count", "forwarded", "peer", "address"),
    [
        (0, "", "203.0.113.9", "203.0.113.9"),
        (0, "198.51.100.7", "203.0.113.9", "203.0.113.9"),  # any client can send the header
        (0, "", "::ffff:203.0.113.9", "203.0.113.9"),
        (0, "", "2001:db8::7", "2001:db8::7"),
        (0, "", "", None),  # a Unix socket
        (0, "", "testserver", None),
        (1, "198.51.100.7", "10.0.0.1", "198.51.100.7"),
        (1, "192.0.2.1, 198.51.100.7", "10.0.0.1", "198.51.100.7"),
        (1, "198.51.100.7:443", "10.0.0.1", "198.51.100.7"),
        (1, "[2001:db8::7]:443", "10.0.0.1", "2001:db8::7"),
        (1, "[2001:db8::7]", "10.0.0.1", "2001:db8::7"),
        (1, "2001:db8::7", "10.0.0.1", "2001:db8::7"),
        (1, "::ffff:198.51.100.7", "10.0.0.1", "198.51.100.7"),
        (1, "unknown", "10.0.0.1", None),
        (1, "", "10.0.0.1", "10.0.0.1"),
        (2, "198.51.100.7", "10.0.0.1", "198.51.100.7"),  # an inner proxy was reached directly
        (2, "192.0.2.1, 198.51.100.7, 10.0.0.2", "10.0.0.1", "198.51.100.7"),
        (2, " , ", "10.0.0.1", "10.0.0.1"),
    ],
)
def test_the_address_of_the_client(rf, settings, proxy_count, forwarded, peer, address):
    settings.TRUSTED_PROXY_COUNT = proxy_count
    headers = {"HTTP_X_FORWARDED_FOR": forwarded} if forwarded else {}
    request = rf.get("/", REMOTE_ADDR=peer, **headers)
    assert client_address(request) == (ip_address(address) if address else None)


@pytest.mark.parametrize(
    ("peer", "network"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2::7", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::8", "2001:db8:1:2::/64"),
        ("fe80::7%eth0", "fe80::/64"),
        ("", ""),
    ],
)
def test_the_network_is_an_ipv4_address_or_an_ipv6_64(rf, peer, network):
    assert client_network(rf.get("/", REMOTE_ADDR=peer)) == network

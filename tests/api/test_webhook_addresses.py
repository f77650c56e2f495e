"""Where webhooks may go: public addresses only, and to the one that was checked (W8)."""

from __future__ import annotations

import socket
import ssl
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

from api import webhook_requests
from api.webhook_addresses import AddressRefused, UrlRefused, is_public, parse_url, resolve
from api.webhook_requests import send_request
from tests.support.webhook_receiver import WebhookReceiver, write_certificate

PUBLIC, OTHER_PUBLIC = "93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/", "ftp://example.com/", "https://", "https:///path", "example.com", "", "//example.com",
        "https://user:password@example.com/", "https://user@example.com/", "https://example.com/#part",
        "https://example.com/#", "https://example.com:22/", "https://example.com:25/", "https://example.com:80/",
        "https://example.com:0/", "https://example.com:99999/", "https://example.com:x/", "https://localhost/",
        "https://0177.1/", "https://2130706433/", "https://0x7f000001/", "https://127.1/", "https://1.2.3.0x7f/",
        "https://example.com/a b", "https://example.com/\n", "https://exämple.com/", "https://ex\\ample.com/",
        "https://[fe80::1%25eth0]/", "https://[::1/", "https://example.com/" + "x" * 481, "https://-a.example/",
        "https://example.com.", "https://exa mple.com",
    ],
)  # fmt: skip
def test_urls_that_no_endpoint_has(url, settings):
    """W8."""
    settings.WEBHOOKS_ALLOW_PRIVATE = False
    with pytest.raises(UrlRefused) as refused:
        parse_url(url)
    assert str(refused.value).startswith("Enter ")


@pytest.mark.parametrize(
    ("url", "host", "port", "header", "target"),
    [
        ("https://Example.com", "example.com", 443, "example.com", "/"),
        ("https://example.com:8443/a/b?c=d", "example.com", 8443, "example.com:8443", "/a/b?c=d"),
        (f"https://[{OTHER_PUBLIC}]:1024/", OTHER_PUBLIC, 1024, f"[{OTHER_PUBLIC}]:1024", "/"),
        (f"https://{PUBLIC}?x", PUBLIC, 443, PUBLIC, "/?x"),
    ],
)
def test_urls_that_an_endpoint_can_have(url, host, port, header, target):
    """W8."""
    parsed = parse_url(url)
    assert (parsed.host, parsed.port, parsed.host_header, parsed.target) == (host, port, header, target)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "::1", "::ffff:127.0.0.1", "169.254.169.254", "100.64.0.1", "64:ff9b::7f00:1", "10.0.0.1",
        "172.16.5.4", "192.168.1.1", "0.0.0.0", "255.255.255.255", "224.0.0.1", "239.1.1.1", "240.0.0.1", "192.0.2.1",
        "198.18.0.1", "::", "fe80::1", "fc00::1", "fd12::1", "ff02::1", "2001:db8::1", "::127.0.0.1", "2002:7f00:1::",
        "2001:0:7f00:1::", "64:ff9b:1::1", "64:ff9b::a9fe:a9fe", "::ffff:10.0.0.1", "fec0::1", "203.0.113.9",
    ],
)  # fmt: skip
def test_addresses_that_are_not_public(address):
    """W8."""
    assert not is_public(ip_address(address))


@pytest.mark.parametrize(
    "address", [PUBLIC, OTHER_PUBLIC, "8.8.8.8", "::ffff:8.8.8.8", "64:ff9b::808:808", "2001:4860:4860::8888"]
)
def test_addresses_that_are_public(address, settings):
    """W8: unless the operator names their network."""
    assert is_public(ip_address(address))
    settings.WEBHOOKS_REFUSED_NETWORKS = ["93.184.0.0/16", "2000::/3", "8.8.8.0/24"]
    assert not is_public(ip_address(address))


class NameServer:
    """Answers with one list of addresses after another; the last one stays."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> None:
        self.answers, self.questions = list(answers), 0
        self.real = socket.getaddrinfo
        monkeypatch.setattr(socket, "getaddrinfo", self.answer)

    def answer(self, host: str, port: Any, *args: Any, **options: Any) -> Any:
        self.questions += 1
        addresses = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if not addresses:
            raise socket.gaierror(socket.EAI_NONAME, "no such name")
        return [found for address in addresses for found in self.real(address, port, type=socket.SOCK_STREAM)]


@pytest.mark.parametrize("addresses", [[PUBLIC, "10.0.0.1"], ["127.0.0.1"], [OTHER_PUBLIC, "::1"]])
def test_every_address_of_a_name_must_be_public(monkeypatch, addresses):
    """W8: a public one beside it does not help."""
    NameServer(monkeypatch, addresses)
    with pytest.raises(AddressRefused, match="refused"):
        resolve(parse_url("https://example.com/"))


def test_our_own_host_and_unknown_names_are_refused(monkeypatch, settings):
    """W8."""
    NameServer(monkeypatch, [PUBLIC])
    settings.PORTAL_ORIGIN = "https://portal.example.com"
    with pytest.raises(AddressRefused, match="refused"):
        resolve(parse_url("https://Portal.example.com:8443/"))
    NameServer(monkeypatch, [])
    with pytest.raises(AddressRefused, match="dns"):
        resolve(parse_url("https://example.com/"))


@pytest.fixture
def internet(monkeypatch, tmp_path: Path, settings):
    """A company's server at a public address, and one of our own on this machine, both with a good certificate."""
    settings.WEBHOOKS_ALLOW_PRIVATE = False
    certificate = write_certificate(tmp_path / "server.pem", "hooks.example.com", "127.0.0.1")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    webhook_requests.tls_context.cache_clear()
    outside, inside = WebhookReceiver(), WebhookReceiver()
    outside.start(certificate)
    inside.start(certificate)
    connect = socket.socket.connect

    class Network(socket.socket):
        """Leads to `outside` at the public address, and to `inside` at this machine's."""

        def connect(self, target: Any) -> None:
            port = {PUBLIC: outside.port, "127.0.0.1": inside.port}[target[0]]
            connect(self, ("127.0.0.1", port))

    monkeypatch.setattr(socket, "socket", Network)
    yield outside, inside
    outside.stop()
    inside.stop()
    webhook_requests.tls_context.cache_clear()


def test_the_connection_goes_to_the_address_that_was_checked(internet, monkeypatch):
    """W8: also if the name leads elsewhere a moment later; it is asked once."""
    outside, inside = internet
    names = NameServer(monkeypatch, [PUBLIC], ["127.0.0.1"])
    outcome = send_request("https://hooks.example.com/in", b"{}", {"webhook-id": "evt_1"})
    assert (outcome.status, outcome.error, names.questions) == (204, "", 1)
    assert outside.received[0].headers["Host"] == "hooks.example.com" and not inside.received


@pytest.mark.control
def test_a_connection_by_name_goes_to_the_other_address(internet, monkeypatch):
    outside, inside = internet
    NameServer(monkeypatch, [PUBLIC], ["127.0.0.1"])

    def connect_by_name(url, found, deadline):
        raw = socket.create_connection((url.host, url.port))
        return ssl.create_default_context().wrap_socket(raw, server_hostname=url.host)

    monkeypatch.setattr(webhook_requests, "open_connection", connect_by_name)
    assert send_request("https://hooks.example.com/in", b"{}", {}).status == 204
    assert inside.received and not outside.received


def test_the_certificate_must_be_for_the_name(internet, monkeypatch):
    """W8: and from someone whom we trust."""
    outside, _inside = internet
    NameServer(monkeypatch, [PUBLIC])
    assert send_request("https://another.example.com/", b"{}", {}).error == "tls"
    monkeypatch.delenv("SSL_CERT_FILE")
    webhook_requests.tls_context.cache_clear()
    assert send_request("https://hooks.example.com/", b"{}", {}).error == "tls"
    assert not outside.received


def test_a_redirect_is_not_followed_and_no_proxy_is_asked(internet, monkeypatch):
    """W8."""
    outside, inside = internet
    NameServer(monkeypatch, [PUBLIC])
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9/")
    outside.status, outside.headers = 307, {"Location": "https://127.0.0.1/"}
    outcome = send_request("https://hooks.example.com/", b"{}", {})
    assert (outcome.status, outcome.is_success) == (307, False)
    assert len(outside.received) == 1 and not inside.received


def test_a_private_address_is_not_connected_to(internet, monkeypatch):
    """W8: at every attempt, not only when the endpoint was created."""
    outside, inside = internet
    NameServer(monkeypatch, ["127.0.0.1"])
    assert send_request("https://hooks.example.com/", b"{}", {}).error == "refused"
    assert send_request("http://hooks.example.com/", b"{}", {}).error == "url"
    assert not inside.received and not outside.received


@pytest.mark.parametrize(
    ("fault", "error", "status"),
    [("reset", "closed", None), ("drip", "timeout", None), ("hang", "timeout", None), ("flood", "", 200)],
)
def test_servers_that_misbehave(receiver, monkeypatch, fault, error, status):
    """W7: within the time and without reading more than a little."""
    monkeypatch.setattr(webhook_requests, "SECONDS", 1)
    receiver.fault, receiver.hang_seconds, receiver.status = fault, 5 if fault == "hang" else 0, 200
    outcome = send_request(receiver.url, b"{}", {})
    assert (outcome.error, outcome.status) == (error, status)
    assert outcome.took_ms < 3000 and len(outcome.response_start) <= 500


def test_no_server(receiver):
    """W5, W7."""
    receiver.stop()
    receiver.start()
    port = receiver.port
    receiver.stop()
    outcome = send_request(f"http://127.0.0.1:{port}/", b"{}", {})
    assert (outcome.error, outcome.status) == ("connect", None)
    receiver.start()


def test_what_is_kept_of_an_answer(receiver):
    """W8: 500 characters without control characters."""
    receiver.status, receiver.body = 500, b"a\r\n\x00b\xff" + b"x" * 5000
    outcome = send_request(receiver.url, b"{}", {})
    assert len(outcome.response_start) == 500 and outcome.response_start.startswith("a b\ufffdxxx")

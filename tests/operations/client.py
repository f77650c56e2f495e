"""A browser without JavaScript in front of production's web server: the proxy's headers, Secure cookies, forms."""

from __future__ import annotations

import http.client
import time
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from urllib.parse import urlencode

HOST = "portal.example"
BEHIND_PROXY = {"Host": HOST, "X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.10"}


@dataclass
class Answer:
    status: int
    headers: http.client.HTTPMessage
    text: str
    seconds: float


@dataclass
class Browser:
    """Keeps cookies as it gets them; every request is a connection of its own."""

    port: int
    cookies: dict[str, str] = field(default_factory=dict)

    def get(self, path: str, **headers: str) -> Answer:
        return self.send("GET", path, headers=headers)

    def post(self, path: str, **fields: str) -> Answer:
        token = next((value for name, value in self.cookies.items() if name.endswith("csrftoken")), "")
        body = urlencode({"csrfmiddlewaretoken": token, **fields}).encode()
        return self.send("POST", path, body, {"Content-Type": "application/x-www-form-urlencoded"})

    def send(self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> Answer:
        begun = time.monotonic()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        connection.request(
            method, path, body, BEHIND_PROXY | {"Cookie": cookies, "Referer": f"https://{HOST}/"} | (headers or {})
        )
        response = connection.getresponse()
        text = response.read().decode(errors="replace")
        connection.close()
        for line in response.headers.get_all("Set-Cookie") or []:
            for name, morsel in SimpleCookie(line).items():
                self.cookies[name] = morsel.value
        return Answer(response.status, response.headers, text, time.monotonic() - begun)

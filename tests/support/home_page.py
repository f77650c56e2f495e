"""The address of home, and its texts."""

from __future__ import annotations

import re

HOME = "/"


def words(html: bytes) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html.decode()).split())


def main(client) -> str:
    return words(client.get(HOME).content.split(b"<main")[1].split(b"</main>")[0])

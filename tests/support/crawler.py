"""Following every link that a page has, as somebody would who looks for what is not theirs."""

from __future__ import annotations

from html.parser import HTMLParser
from urllib.parse import parse_qsl, urljoin, urlsplit

from django.http.response import HttpResponseBase
from django.test import Client


class Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.found += [value for name, value in attributes if name in ("href", "action", "data-popup-opener") and value]


def everything_in(answer: HttpResponseBase) -> str:
    """Headers, cookies and body of an answer: wherever something could stand."""
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    headers = "".join(f"{name}: {value}\n" for name, value in answer.items())
    return f"{headers}{answer.cookies.output()}\n\n{body.decode('utf-8', 'replace')}"


def crawl(
    client: Client, *first: str, under: str = "/", never: str = "/static/", limit: int = 1500
) -> dict[str, tuple[int, str]]:
    """Address -> (status, everything in the answer), of `first` and of each page `under` a path that links lead to.

    A list is narrowed by one thing at a time and never sorted; nobody is logged out. What is `never` is left out.
    """
    waiting, pages = list(first), dict[str, tuple[int, str]]()
    seen = set(waiting)
    while waiting:
        address = waiting.pop()
        assert len(pages) < limit, "the crawl does not end"
        answer = client.get(address)
        pages[address] = answer.status_code, everything_in(answer)
        links = Links()
        if "html" in answer.get("Content-Type", ""):
            links.feed(pages[address][1].partition("\n\n")[2])
        for link in [*links.found, *([answer["Location"]] if answer.has_header("Location") else [])]:
            where = urlsplit(urljoin(address, link))
            query = parse_qsl(where.query, keep_blank_values=True)
            if where.netloc or where.scheme or not where.path.startswith(under) or "logout" in where.path:
                continue
            if where.path.startswith(("/static/", never)) or len(query) > 1 or (query and urlsplit(address).query):
                continue
            if "o" in dict(query):  # the same rows in another order
                continue
            target = where.path + (f"?{where.query}" if query else "")
            if target not in seen:
                seen.add(target)
                waiting.append(target)
    return pages

"""Large bodies and files are refused before they are read, except where staff upload them (O1)."""

from __future__ import annotations

import io
import socket
import tempfile
from pathlib import Path

import psutil
import pytest
from django.conf import settings as portal_settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.files.uploadhandler import TemporaryFileUploadHandler
from django.test import Client
from django.urls import URLPattern, get_resolver

from lib.file_uploads import file_policy
from tests.factories import MembershipFactory, UserFactory
from tests.operations.client import BEHIND_PROXY

LIMIT = portal_settings.DATA_UPLOAD_MAX_MEMORY_SIZE
UPLOAD = "/admin/meters/upload/add/"


class Unread(io.RawIOBase):
    """A body that must not be read."""

    def read(self, *_args) -> bytes:
        raise AssertionError("The body was read.")


def announce(client: Client, path: str, size: int):
    """Post a form of `size` bytes without sending it."""
    content_type = "multipart/form-data; boundary=x"
    return client.generic("POST", path, b"", content_type, **{"CONTENT_LENGTH": str(size), "wsgi.input": Unread()})


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/", "/accounts/login/", "/register/", "/invitation/" + "x" * 43 + "/", "/nowhere/"])
def test_a_large_body_is_refused_unread(path, client):
    """O1."""
    answer = announce(client, path, LIMIT + 1)
    assert answer.status_code in (404, 413)
    if answer.status_code == 413:
        page = answer.content.decode()
        assert "What you sent is too large" in page and "demasiado grande" in page


@pytest.mark.django_db
def test_a_length_that_is_no_number_is_refused(client):
    """O1."""
    answer = client.generic("POST", "/accounts/login/", b"", **{"CONTENT_LENGTH": "-5", "wsgi.input": Unread()})
    assert answer.status_code == 413


@pytest.mark.django_db
def test_a_form_of_the_usual_size_is_read(client):
    """O1: the control of the test above; twenty meters and the longest comment are a tenth of the limit."""
    answer = client.post("/accounts/login/", {"login": "x" * 20_000, "password": "y"})
    assert answer.status_code == 200


@pytest.mark.django_db
def test_a_file_is_refused_where_none_is_expected(client, tmp_path, monkeypatch):
    """O1: nothing of it is stored."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    answer = client.post("/accounts/login/", {"login": "x", "file": SimpleUploadedFile("a.csv", b"1" * 1000)})
    assert answer.status_code == 400
    assert not list(tmp_path.iterdir())


@pytest.mark.django_db
@pytest.mark.control
def test_djangos_own_handler_would_store_it(client, tmp_path, monkeypatch, settings):
    """O1: the control of the test above."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    stored = []

    class Recording(TemporaryFileUploadHandler):
        def new_file(self, *args, **kwargs):
            super().new_file(*args, **kwargs)
            stored.extend(tmp_path.iterdir())

    settings.FILE_UPLOAD_HANDLERS = [f"{__name__}.Recording"]
    monkeypatch.setitem(globals(), "Recording", Recording)
    client.post("/accounts/login/", {"login": "x", "file": SimpleUploadedFile("a.csv", b"1" * 1000)})
    assert stored


@pytest.mark.django_db
@pytest.mark.parametrize("size", [100, 400 * 1024 * 1024])
def test_only_staff_may_send_a_file_to_the_upload_page(size, client):
    """O1, D2: others are led to the sign-in before a byte is read."""
    for user in (None, MembershipFactory().user):
        if user:
            client.force_login(user)
        answer = announce(client, UPLOAD, size)
        assert answer.status_code == 302 and "/accounts/login/" in answer["Location"]
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    assert announce(client, UPLOAD, portal_settings.LOAD_UPLOAD_LIMIT * 2).status_code == 413


def test_two_pages_take_files():
    """O1: whoever adds one adds it here, too."""

    def walk(patterns, prefix=""):
        for pattern in patterns:
            path = prefix + str(pattern.pattern)
            if isinstance(pattern, URLPattern):
                if file_policy(pattern.callback):
                    yield path
            else:
                yield from walk(pattern.url_patterns, path)

    assert list(walk(get_resolver().url_patterns)) == ["agreements/bulk/", "admin/meters/upload/add/"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.fault
@pytest.mark.timeout(120)
def test_three_hundred_megabytes_to_the_sign_in_page_cost_neither_disk_nor_memory(web_server):
    """O1: with a valid form token, as a stranger gets one."""
    browser = web_server.browser()
    browser.get("/accounts/login/")
    cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    server = psutil.Process(web_server.process.popen.pid)
    before = memory(server)
    total = 300 * 1024 * 1024
    head = {**BEHIND_PROXY, "Cookie": cookies, "Content-Length": str(total), "Referer": "https://portal.example/"}
    head |= {"Content-Type": "multipart/form-data; boundary=x"}
    with socket.create_connection(("127.0.0.1", web_server.port), timeout=20) as client:
        lines = ["POST /accounts/login/ HTTP/1.1", *(f"{name}: {value}" for name, value in head.items()), "", ""]
        client.sendall("\r\n".join(lines).encode())
        client.sendall(b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n')
        answer = client.recv(15)
        sent, most = 0, 0
        try:
            while sent < total:
                sent += client.send(b"0" * 65536)
                most = max(most, stored_bytes(web_server.folder / "scratch"))
        except OSError:  # the server hung up
            pass
    assert answer == b"HTTP/1.1 413 Re"
    assert most == 0
    assert memory(server) - before < 20 * 1024 * 1024
    assert web_server.browser().get("/health/").status == 200


def memory(server: psutil.Process) -> int:
    return sum(process.memory_info().rss for process in [server, *server.children(recursive=True)])


def stored_bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())

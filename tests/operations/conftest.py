"""The portal as production runs it: the image's files, its settings and its command."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.db import connection

from local.processes import Process, wait_until
from scripts.check_production import PRODUCTION
from tests.journey.processes import address_for, own_database  # noqa: F401 - pytest finds it by its name
from tests.operations import image
from tests.operations.client import Browser


@dataclass
class BuiltImage:
    folder: Path
    static: Path
    steps: list[str]


@pytest.fixture(scope="session")
def built_image(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BuiltImage]:
    """The Dockerfile's build stage, run in a folder of its own."""
    home = tmp_path_factory.mktemp("image")
    folder, static = home / "portal", home / "static"
    folder.mkdir()
    image.copy_project(folder)
    yield BuiltImage(folder, static, image.build(folder, static))
    shutil.rmtree(home, ignore_errors=True)


class WebServer:
    """The image's command with production's settings, as the role portal_web, on a database of this test."""

    def __init__(self, built: BuiltImage, folder: Path, **environment: str) -> None:
        self.folder = folder
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = int(self._listener.getsockname()[1])
        scratch = folder / "scratch"
        scratch.mkdir()
        self.environment = PRODUCTION | {
            "DATABASE_URL": address_for("portal_web"),
            "STATIC_ROOT": str(built.static),
            "TRUSTED_PROXY_COUNT": "1",
            "REDIS_URL": "redis://127.0.0.1:1/0",
            "TMPDIR": str(scratch),
            "PYTHONUNBUFFERED": "1",
            **{name: os.environ[name] for name in ("COVERAGE_PROCESS_START",) if name in os.environ},
            **environment,
        }
        command = [*image.server_command(), "--bind", f"fd://{self._listener.fileno()}"]
        self.process = Process(
            "web", command, log=folder / "web.log", env=self.environment, cwd=built.folder,
            pass_fds=[self._listener.fileno()],
        )  # fmt: skip

    @property
    def log(self) -> str:
        return self.process.log.read_text()

    def browser(self) -> Browser:
        return Browser(self.port)

    def wait(self) -> None:
        def is_ready() -> bool:
            try:
                return self.browser().get("/health/").status == 200
            except OSError:
                return False

        wait_until(is_ready, processes=[self.process], seconds=60, what="The web server")

    def end(self) -> None:
        self.process.kill()
        self._listener.close()


@pytest.fixture
def web_server(own_database: None, built_image: BuiltImage, tmp_path: Path) -> Iterator[WebServer]:  # noqa: F811
    server = WebServer(built_image, tmp_path)
    try:
        server.wait()
        yield server
    finally:
        server.end()
        connection.close()
        print(f"web:\n{server.process.log_end(40)}")

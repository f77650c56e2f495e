"""The Docker image builds, and docker-compose.yml limits and separates what it starts."""

from __future__ import annotations

import re
import subprocess
from typing import Any

import pytest
import yaml

from tests.operations import image
from tests.operations.conftest import BuiltImage
from tests.support.source_files import ROOT

OURS = ["web", "migrate", "beat"]
FULL_VERSION = re.compile(r"[a-z/]+:v?\d+\.\d+(\.\d+)?(-[a-z0-9.]+)?")
ROLE = re.compile(r"postgres://(\w+):")


@pytest.fixture(scope="module")
def services() -> dict[str, dict[str, Any]]:
    return yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]


@pytest.mark.slow
def test_the_image_builds_with_nothing_but_what_the_dockerfile_says(built_image: BuiltImage):
    """O5, A4: every step that needs no network really runs, in a folder with only what the image copies."""
    assert any("collectstatic" in step for step in built_image.steps)
    assert (built_image.static / "staticfiles.json").exists()
    copied = {path.name for path in built_image.folder.iterdir()}
    assert {"manage.py", "smt_portal", "templates", "locale"} <= copied
    assert not {"tests", "local", "docs", "ops", ".git"} & copied


@pytest.mark.slow
@pytest.mark.control
def test_a_step_without_a_required_variable_fails(tmp_path):
    """O5: the control of the test above."""
    image.copy_project(tmp_path)
    (step,) = [step for step in image.read_dockerfile()[0].run if "collectstatic" in step]
    step = re.sub(r'MFA_KEY="[^"]*"', "", step).replace("/venv/bin/python", image.sys.executable)
    done = subprocess.run(["/bin/sh", "-c", step], cwd=tmp_path, env={"PATH": "/usr/bin:/bin"}, capture_output=True)
    assert done.returncode != 0


def test_every_step_of_the_image_is_run_or_named():
    """O5: a step that this test does not know could not be built unnoticed."""
    steps = [step for stage in image.read_dockerfile() for step in stage.run]
    unknown = [step for step in steps if not step.startswith(tuple(image.REPLACED)) and "collectstatic" not in step]
    assert unknown == []


def test_the_image_runs_as_an_unprivileged_user_from_a_full_version():
    """O5."""
    build, final = image.read_dockerfile()
    assert final.value("USER") == "portal"
    assert build.base == final.base and FULL_VERSION.fullmatch(final.base) and final.base.count(".") == 2


def test_every_service_has_limits_and_no_rights_it_does_not_need(services):
    """O1, O5."""
    for name, service in services.items():
        assert service["mem_limit"] and service["cpus"] and service["pids_limit"], name
        assert service["read_only"] is True and service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert all("size=" in mount for mount in service["tmpfs"]), name
        assert "cap_add" not in service and not service.get("privileged"), name
        assert name in OURS or not name.startswith("worker") or service["command"]
        if "build" not in service:
            assert service["user"] not in ("root", "0"), name
            assert FULL_VERSION.fullmatch(service["image"]), service["image"]
        if name != "migrate":
            assert service["healthcheck"]["test"], name
            assert service["restart"] == "unless-stopped", name


def test_every_kind_of_process_has_its_own_role(services):
    """O1: none of them is the superuser."""
    roles = {}
    for name, service in services.items():
        if url := service.get("environment", {}).get("DATABASE_URL"):
            roles[name] = ROLE.match(url).group(1)
    assert roles.pop("web") == "portal_web"
    assert roles.pop("migrate") == "portal_owner"
    assert set(roles.values()) == {"portal_worker"} and {"beat"} < set(roles)
    assert [name for name in roles if name.startswith("worker")]
    assert any("roles.sql" in volume for volume in services["postgres"]["volumes"])


def test_only_this_machine_reaches_the_published_ports(services):
    """O5: the proxy is on it."""
    ports = [port for service in services.values() for port in service.get("ports", [])]
    assert ports and all(port.startswith("127.0.0.1:") for port in ports)


def test_the_database_server_logs_no_statements(services):
    """X4."""
    command = services["postgres"]["command"]
    for option in ("log_min_error_statement=panic", "log_error_verbosity=terse", "log_parameter_max_length_on_error=0"):
        assert f"--{option}" in command


@pytest.mark.parametrize(
    "duty",
    ["proxy_request_buffering", "client_max_body_size", "client_header_timeout", "X-Request-ID", "X-Forwarded-For"],
)
def test_compose_and_the_operating_guide_say_what_the_proxy_must_do(duty):
    """O1."""
    assert duty in (ROOT / "docker-compose.yml").read_text()
    assert duty in (ROOT / "docs" / "operating.md").read_text()


def test_every_variable_that_compose_needs_is_explained():
    """A4."""
    needed = set(re.findall(r"\$\{(\w+):\?", (ROOT / "docker-compose.yml").read_text()))
    explained = set(re.findall(r"^(?:# )?([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    assert needed and needed <= explained

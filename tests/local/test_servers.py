"""The servers out of packages start wherever the checkout lies and however the last run ended."""

import os
import stat
import subprocess

import psycopg
import pytest
import redis

from local.servers import Postgres, make_runtime_dir, remove_runtime_dir


@pytest.fixture
def postgres(tmp_path):
    # Longer than a socket's path may be, and with a space in it.
    home = tmp_path / ("a long path " * 12).strip()
    home.mkdir()
    pointer = tmp_path / "runtime"
    server = Postgres(home / "data", runtime=make_runtime_dir(pointer), log=tmp_path / "log", options={"fsync": "off"})
    yield server
    server.stop()
    remove_runtime_dir(pointer)


def query(server: Postgres, question: str, database: str = "postgres"):
    with psycopg.connect(host=str(server.runtime), user="postgres", dbname=database, autocommit=True) as connection:
        return connection.execute(question).fetchone()


def test_postgres_data_survives_stop_kill_and_a_recycled_pid(postgres):
    leftover = postgres.data.with_name("data.new")
    leftover.mkdir()
    (leftover / "half an initdb").touch()
    postgres.start()
    postgres.create_database("portal")
    postgres.create_database("portal")  # the second time it is there
    with psycopg.connect(host=str(postgres.runtime), user="postgres", dbname="portal") as connection:
        connection.execute("create table answers as select 42 as answer")
    postgres.stop()

    postgres.start()
    assert postgres.process
    postgres.process.kill()  # as power loss would end it
    record = postgres.data / "postmaster.pid"
    lines = record.read_text().splitlines()
    other = subprocess.Popen(["sleep", "60"], user=postgres.user)  # it now has the recorded pid
    record.write_text("\n".join([str(other.pid), *lines[1:]]) + "\n")
    try:
        postgres.start()
        assert query(postgres, "select answer from answers", "portal") == (42,)
    finally:
        assert other.poll() is None, "A process that we did not start was ended."
        other.kill()
        other.wait()


def test_postgres_left_running_on_our_data_is_replaced(postgres):
    postgres.start()
    assert postgres.process
    first = postgres.process
    postgres.start()
    assert first.popen.wait(10) == 0
    assert query(postgres, "select 1") == (1,)


def test_postgres_listens_on_no_network_and_its_socket_is_ours(postgres):
    postgres.start()
    assert query(postgres, "show listen_addresses") == ("",)
    assert stat.S_IMODE(postgres.runtime.stat().st_mode) == 0o700


@pytest.mark.skipif(os.geteuid() != 0, reason="Only root can become another account.")
def test_postgres_does_not_run_as_root(postgres):
    postgres.start()
    assert postgres.process
    assert os.stat(f"/proc/{postgres.process.pid}").st_uid == postgres.user != 0


def test_a_runtime_folder_is_private_and_replaces_the_one_of_a_killed_run(tmp_path):
    pointer = tmp_path / "runtime"
    first = make_runtime_dir(pointer)
    second = make_runtime_dir(pointer)
    assert not first.exists()
    assert stat.S_IMODE(second.stat().st_mode) == 0o700
    assert len(str(second)) < 60
    remove_runtime_dir(pointer)
    assert not second.exists() and not pointer.is_symlink()


def test_redis_requires_its_password_and_restarts_on_the_same_address(redis_server):
    with redis.Redis(port=redis_server.port) as stranger, pytest.raises(redis.AuthenticationError):
        stranger.ping()
    with redis.Redis.from_url(redis_server.url, socket_timeout=0.5) as client:
        client.set("a", 1)
        redis_server.freeze()
        with pytest.raises(redis.TimeoutError):
            client.ping()
        redis_server.thaw()
        assert client.get("a") == b"1"
        redis_server.kill()
        with pytest.raises(redis.ConnectionError):
            client.ping()
        redis_server.start()
        assert client.get("a") is None

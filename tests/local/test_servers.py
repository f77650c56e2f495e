"""The servers out of packages start wherever the checkout lies and however the last run ended."""

import stat
import subprocess

import psutil
import psycopg
import pytest
import redis

from local.servers import Postgres

pytestmark = pytest.mark.slow


@pytest.fixture
def postgres(tmp_path):
    # Longer than a socket's path may be, and with a space in it.
    home = tmp_path / ("a long path " * 12).strip()
    home.mkdir()
    server = Postgres(home / "data", log=tmp_path / "log", options={"fsync": "off"})
    yield server
    server.stop()


def query(server: Postgres, question: str, database: str = "postgres"):
    with psycopg.connect(host=str(server.sockets), user="postgres", dbname=database, autocommit=True) as connection:
        return connection.execute(question).fetchone()


def test_postgres_data_survives_stop_kill_and_a_recycled_pid(postgres):
    leftover = postgres.data.with_name("data.new")
    leftover.mkdir()
    (leftover / "half an initdb").touch()
    postgres.start()
    postgres.create_database("portal")
    postgres.create_database("portal")  # the second time it is there
    with psycopg.connect(host=str(postgres.sockets), user="postgres", dbname="portal") as connection:
        connection.execute("create table answers as select 42 as answer")
    postgres.stop()

    postgres.start()
    assert postgres.process
    postgres.process.kill()  # as power loss would end it
    record = postgres.data / "postmaster.pid"
    lines = record.read_text().splitlines()
    other = subprocess.Popen(["sleep", "60"])  # it now has the recorded pid
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
    first, first_sockets = postgres.process, postgres.sockets
    postgres.start()
    assert first.popen.wait(10) == 0
    assert query(postgres, "select 1") == (1,)
    assert not first_sockets.exists()


def test_postgres_listens_on_no_network_its_socket_is_private_and_it_does_not_run_as_root(postgres):
    postgres.start()
    assert postgres.process
    assert query(postgres, "show listen_addresses") == ("",)
    assert stat.S_IMODE(postgres.sockets.stat().st_mode) == 0o700
    assert psutil.Process(postgres.process.popen.pid).uids().real != 0
    postgres.stop()
    assert not postgres.sockets.exists()


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

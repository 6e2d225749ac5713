"""The embedded servers: found or started, private, and back after kill -9 with every row."""

import os
import shutil
import signal
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

import environ
import psycopg2
import pytest
import redis

from tests.house.machine import Machine, alive, machine, ordinary_user, state_folder, until

# Started once, also where tests run side by side.
pytestmark = pytest.mark.xdist_group("servers")

# Deeper than a socket's path may be, and with what an address must quote.
DEEP = "a folder with spaces, a # and a % " + "deep" * 20


@pytest.fixture(scope="module")
def servers() -> Iterator[Machine]:
    with machine(DEEP) as it:
        it.up()
        yield it


def connect(url: str) -> "psycopg2.extensions.connection":
    known = environ.Env.db_url_config(url)
    connection = psycopg2.connect(host=known["HOST"], user=known["USER"], dbname=known["NAME"])
    connection.autocommit = True
    return connection


def ask(url: str, sql: str) -> object:
    connection = connect(url)
    try:
        with connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchone()[0] if cursor.description else None
    finally:
        connection.close()


def key(url: str) -> "redis.Redis[str]":
    return redis.Redis.from_url(url, decode_responses=True)


def test_a_second_start_finds_the_first(servers: Machine) -> None:
    urls, pids = servers.up(), servers.pids()
    assert set(pids) == {"postgres", "valkey"}
    assert servers.up() == urls
    assert servers.pids() == pids
    lines = (servers.var / "embedded.env").read_text().splitlines()
    assert lines == [f"{name}={url}" for name, url in urls.items()]


def test_the_programs_role_may_make_databases_and_is_no_superuser(servers: Machine) -> None:
    url = servers.up()["DATABASE_URL"]
    role = "SELECT rolcreatedb AND NOT rolsuper AND NOT rolbypassrls FROM pg_roles WHERE rolname="
    assert ask(url, role + "current_user") is True
    ask(url, "CREATE EXTENSION IF NOT EXISTS btree_gist")
    assert ask(url, "SELECT lower('ÉÀÖ')") == "éàö"
    assert ask(url, "SHOW server_version_num") >= "180000"  # type: ignore[operator]


def test_nobody_else_can_reach_them(servers: Machine) -> None:
    urls = servers.up()
    assert ask(urls["DATABASE_URL"], "SHOW listen_addresses") == ""
    with key(urls["REDIS_URL"]) as client:
        assert client.config_get("port") == {"port": "0"}
        assert client.config_get("appendonly") == {"appendonly": "yes"}
    database = Path(environ.Env.db_url_config(urls["DATABASE_URL"])["HOST"])
    cache = Path(unquote(urlsplit(urls["REDIS_URL"]).path)).parent
    for folder in (database, cache):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_kill_9_loses_no_row_and_the_next_start_needs_no_waiting(servers: Machine) -> None:
    urls = servers.up()
    ask(urls["DATABASE_URL"], "CREATE TABLE IF NOT EXISTS kept (n int)")
    with key(urls["REDIS_URL"]) as client:
        client.delete("kept")
    for n in range(3):
        ask(urls["DATABASE_URL"], f"INSERT INTO kept VALUES ({n})")  # noqa: S608
        with key(urls["REDIS_URL"]) as client:
            client.rpush("kept", n)
            client.execute_command("WAITAOF", 1, 0, 2000)
        for pid in servers.pids().values():
            os.kill(pid, signal.SIGKILL)
        assert servers.up() == urls
    assert ask(urls["DATABASE_URL"], "SELECT count(*) FROM kept") == 3
    with key(urls["REDIS_URL"]) as client:
        assert client.lrange("kept", 0, -1) == ["0", "1", "2"]


def test_a_pid_file_left_by_a_machine_that_went_down_is_no_obstacle(servers: Machine) -> None:
    assert servers.run("down").code == 0
    assert servers.pids() == {}
    left = servers.var / "servers" / "postgres-data" / "postmaster.pid"
    left.write_text(f"{os.getpid()}\n{left.parent}\n0\n5432\n\n\n0 0\nready\n")
    assert "DATABASE_URL" in servers.up()
    assert set(servers.pids()) == {"postgres", "valkey"}


def test_exec_leaves_running_what_it_found(servers: Machine) -> None:
    servers.up()
    before = servers.pids()
    show = "import os; print(os.environ['DATABASE_URL'], os.environ['REDIS_URL'])"
    answer = servers.run("exec", "--", sys.executable, "-c", show)
    assert answer.out.split() == list(servers.up().values())
    assert servers.run("exec", "--", "sh", "-c", "exit 7").code == 7
    assert servers.pids() == before


def test_exec_stops_what_it_started(servers: Machine) -> None:
    servers.run("down")
    assert servers.run("exec", "--", "true").code == 0
    assert servers.pids() == {}


def test_servers_end_cleanly_when_exec_is_killed(servers: Machine) -> None:
    servers.run("down")
    process = servers.open("exec", "--", "sh", "-c", "echo ready; exec sleep 60")
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    pids = servers.pids()
    process.kill()
    process.wait()
    process.stdout.close()
    assert until(lambda: not any(alive(pid) for pid in pids.values()))
    assert not (servers.var / "servers" / "postgres-data" / "postmaster.pid").exists()


def test_exec_starts_nothing_beside_real_servers() -> None:
    with state_folder("none") as var:
        it = Machine(var, environment={"DATABASE_URL": "postgres://x/y", "REDIS_URL": "redis://x"})
        show = "import os; print(os.environ['DATABASE_URL'])"
        assert it.run("exec", "--", sys.executable, "-c", show).out == "postgres://x/y\n"
        assert not var.exists()


def test_settings_say_in_a_sentence_that_no_server_runs(servers: Machine) -> None:
    servers.run("down")  # embedded.env stays, naming servers that are gone
    load = "from telehealth.embedded.environment import load_embedded_environment as load; load()"
    program = Machine(servers.var)
    program.command = lambda *_: [program.python, "-c", load]  # type: ignore[method-assign]
    answer = program.run()
    assert answer.code == 1
    assert answer.error.startswith("No database is running here. Start it with `make services`")
    assert "Traceback" not in answer.error


def test_a_folder_that_cannot_be_written_is_named() -> None:
    answer = Machine(Path("/proc/lantern")).run("up")
    assert answer.code == 1
    assert answer.error.startswith("Lantern cannot write to /proc/lantern")
    assert "Traceback" not in answer.error


def test_an_ordinary_user_and_ourselves_run_side_by_side(servers: Machine) -> None:
    ours = servers.up()
    with ordinary_user() as theirs:
        urls = theirs.up()
        assert ask(urls["DATABASE_URL"], "SELECT 1") == 1
        assert urls["DATABASE_URL"] != ours["DATABASE_URL"]
        pids = theirs.pids()
        assert set(pids) == {"postgres", "valkey"}
        assert not set(pids.values()) & set(servers.pids().values())
        for pid in pids.values():
            os.kill(pid, signal.SIGKILL)
        assert theirs.up() == urls
        assert theirs.run("down").code == 0
        assert theirs.pids() == {}
    assert set(servers.pids()) == {"postgres", "valkey"}


if os.geteuid() == 0:  # nobody else drops to another user

    def test_root_says_whose_data_it_is_instead_of_taking_it() -> None:
        with ordinary_user() as theirs:
            theirs.up()
            theirs.run("down")
            data = theirs.var / "servers" / "postgres-data"
            os.chown(data, 12345, 12345)  # nobody's folder would be root's own
            answer = Machine(theirs.var).run("up")
            os.chown(data, 65534, 65534)
        assert answer.code == 1
        assert "was made by user 12345. Start as user 12345, or set LANTERN_VAR" in answer.error
        assert len(answer.error.splitlines()) == 1

    def test_root_keeps_its_home_closed_and_postgres_is_nobody() -> None:
        with machine("home", "var") as it:
            home = it.var.parent
            home.mkdir(mode=0o700)
            urls = it.up()
            elsewhere = Path(environ.Env.db_url_config(urls["DATABASE_URL"])["HOST"]).parent
            assert stat.S_IMODE(home.stat().st_mode) == 0o700
            assert str(elsewhere.parent) == "/var/tmp"  # noqa: S108  # survives a restart
            assert Path(f"/proc/{it.pids()['postgres']}").owner() == "nobody"
            assert ask(urls["DATABASE_URL"], "SELECT 1") == 1
        shutil.rmtree(elsewhere)

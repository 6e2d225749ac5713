"""docker-compose.yml asks for what a clinic needs, and for nothing that is unsafe."""

import os
import re
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from telehealth.embedded.demo import children
from tests.ops.compose import ROOT, Missing, compose, readme_env, words

FILE = compose(readme_env())
SERVICES: dict[str, dict[str, Any]] = FILE["services"]
OURS = {"migrate", "web", "sockets", "worker", "beat"}
NAMES = sorted(SERVICES)
PASSWORD = re.compile(r"(?i)(password|secret|key|token)[^\s]*[=:]\s*(?!/run/secrets)\S")


def test_every_part_is_there_once() -> None:
    assert set(SERVICES) == OURS | {"proxy", "db", "redis", "turn"}
    for service in SERVICES.values():
        assert "deploy" not in service
        assert "scale" not in service  # so one beat
    beats = [name for name, service in SERVICES.items() if "beat" in words_of(service)]
    assert beats == ["beat"]


def words_of(service: dict[str, Any]) -> list[str]:
    return words(service.get("command", ""))


def test_pages_are_threads_and_sockets_are_several_processes() -> None:
    web, sockets = words_of(SERVICES["web"]), words_of(SERVICES["sockets"])
    assert web[:2] == ["gunicorn", "telehealth.wsgi:application"]
    assert option(web, "--worker-class") == "gthread"
    assert int(option(web, "--threads")) >= 4
    assert option(web, "--worker-tmp-dir") == "/tmp"  # noqa: S108  # in memory, in a container
    assert "--no-control-socket" in web  # it would be written into the program's folder
    assert sockets[:2] == ["uvicorn", "telehealth.sockets:application"]
    assert int(option(sockets, "--workers")) >= 2
    # Never alone: a dead network closes nothing, so ask; and the demo does as a clinic does.
    demo = next(child.command for child in children(1, 2) if child.name == "sockets")
    for command in (sockets, demo):
        assert "telehealth.sockets:application" in command
        assert option(command, "--ws-ping-interval") == option(command, "--ws-ping-timeout") == "5"
    # INFO names the address of everybody who opens a socket, also without an access log.
    assert option(sockets, "--log-level") == "warning"


def option(command: list[str], name: str) -> str:
    return command[command.index(name) + 1]


def test_the_proxy_drops_an_idle_connection_before_the_pages_do() -> None:
    caddyfile = (ROOT / "docker" / "Caddyfile").read_text()
    ours = re.search(r"keepalive (\d+)s", caddyfile)
    assert ours
    assert int(ours[1]) < int(option(words_of(SERVICES["web"]), "--keep-alive"))


@pytest.mark.parametrize("name", [name for name in NAMES if name != "migrate"])
def test_each_has_a_health_check_that_ends(name: str) -> None:
    check = SERVICES[name]["healthcheck"]
    assert check["test"][0] in {"CMD", "CMD-SHELL"}
    assert check["timeout"]


def test_nothing_starts_before_what_it_needs() -> None:
    for name in OURS - {"migrate"}:
        after = {key: value["condition"] for key, value in SERVICES[name]["depends_on"].items()}
        assert after == {
            "db": "service_healthy",
            "redis": "service_healthy",
            "migrate": "service_completed_successfully",
        }
    # By address: while the role is made, a first server answers on the socket only.
    assert "-h 127.0.0.1" in SERVICES["db"]["healthcheck"]["test"][1]


@pytest.mark.parametrize("name", NAMES)
def test_each_is_an_ordinary_user_who_may_write_nowhere(name: str) -> None:
    service = SERVICES[name]
    user, _, group = service["user"].partition(":")
    assert int(user) > 0
    assert int(group) > 0
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert "privileged" not in service


@pytest.mark.parametrize("name", NAMES)
def test_no_log_fills_the_disk(name: str) -> None:
    assert SERVICES[name]["logging"]["options"]["max-size"]


PUBLIC = {"TURN_URLS", "QUICK_EXIT_URL"}


@pytest.mark.parametrize("name", NAMES)
def test_secrets_come_from_files_only(name: str) -> None:
    service = SERVICES[name]
    for key, value in service.get("environment", {}).items():
        if re.search(r"(?i)password|secret|key|_url\b|_url_file", key) and key not in PUBLIC:
            assert key.endswith("_FILE")
            assert value.startswith("/run/secrets/")
            assert value.removeprefix("/run/secrets/") in service["secrets"]
    for secret in service.get("secrets", []):
        assert FILE["secrets"][secret]["file"].startswith("./secrets/")


def test_no_password_stands_in_any_file() -> None:
    paths = [ROOT / "docker-compose.yml", ROOT / "Dockerfile", *(ROOT / "docker").iterdir()]
    for path in paths:
        for line in path.read_text().splitlines():
            for found in re.findall(r"://[^/\s\"']*:([^@/\s\"']+)@", line):
                assert found.startswith("$(") or path.name == "make-secrets.sh", (path, line)
            assert "POSTGRES_HOST_AUTH_METHOD" not in line
            assert "default-password" not in line
    assert all(value["file"] for value in FILE["secrets"].values())


REQUIRED = ["DOMAIN", "TURN_HOST", "CLINIC_NAME", "CLINIC_COUNTRY", "DEFAULT_FROM_EMAIL"]


@pytest.mark.parametrize("name", REQUIRED)
def test_a_value_left_out_of_env_stops_the_start_and_is_named(name: str) -> None:
    with pytest.raises(Missing, match=name):
        compose({key: value for key, value in readme_env().items() if key != name})


def test_only_the_proxy_and_the_relay_can_be_reached_from_outside() -> None:
    assert {name for name in NAMES if SERVICES[name].get("ports")} == {"proxy"}
    assert {name for name in NAMES if SERVICES[name].get("network_mode")} == {"turn"}
    assert FILE["networks"]["data"]["internal"] is True
    assert SERVICES["proxy"]["networks"] == ["front"]
    for name in ("db", "redis"):
        assert SERVICES[name]["networks"] == ["data"]


def test_each_is_given_the_time_it_needs_to_stop() -> None:
    def seconds(name: str) -> int:
        return int(SERVICES[name]["stop_grace_period"].removesuffix("s"))

    assert seconds("web") > int(option(words_of(SERVICES["web"]), "--graceful-timeout"))
    sockets = words_of(SERVICES["sockets"])
    assert seconds("sockets") > int(option(sockets, "--timeout-graceful-shutdown"))
    assert seconds("db") >= 60


def test_the_database_is_postgres_18_and_redis_keeps_its_data() -> None:
    assert SERVICES["db"]["image"] == "postgres:18"
    assert "db-data:/var/lib/postgresql" in SERVICES["db"]["volumes"]
    assert SERVICES["redis"]["image"].startswith("redis:")
    assert "--appendonly yes" in SERVICES["redis"]["command"]
    assert "redis-data:/data" in SERVICES["redis"]["volumes"]


def test_the_image_holds_no_secret() -> None:
    ignored = (ROOT / ".dockerignore").read_text().split()
    assert {"secrets", ".env", ".git", "var", "*.dump"} <= set(ignored)
    kept_out = (ROOT / ".gitignore").read_text().split()
    assert {"secrets/", ".env", "*.dump"} <= set(kept_out)


def test_secrets_are_made_once_each_their_own_and_closed_to_others(tmp_path: Path) -> None:
    script = ["sh", str(ROOT / "docker" / "make-secrets.sh")]
    first = subprocess.run(script, cwd=tmp_path, check=True, capture_output=True, text=True)
    assert "secrets/email_url" in first.stdout
    folder = tmp_path / "secrets"
    made = {path.name: path.read_text() for path in folder.iterdir()}
    assert set(made) == set(FILE["secrets"])
    assert made.pop("email_url") == ""  # only the clinic knows it; the start says that it is empty
    modes = {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert modes == {0o644}  # whatever the umask: the containers are other users
    assert made["app_password"] in made["database_url"]
    assert made["redis_password"] in made["redis_url"]
    alone = {made[name] for name in made if name.endswith(("password", "secret", "key"))}
    assert len(alone) == 5
    assert all(len(text) >= 40 and "\n" not in text for text in made.values())
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    (folder / "email_url").write_text("smtp+tls://u:p@mail.example:587")
    again = subprocess.run(script, cwd=tmp_path, check=True, capture_output=True, text=True)
    assert again.stdout == ""
    assert {name: (folder / name).read_text() for name in made} == made


def test_an_empty_password_starts_no_redis(tmp_path: Path) -> None:
    (tmp_path / "redis_password").touch()
    command = [
        word.replace("/run/secrets", str(tmp_path)).replace("redis-server", "echo started")
        for word in words_of(SERVICES["redis"])
    ]
    redis = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (redis.returncode, redis.stdout) == (1, "")


def test_scripts_run_as_they_are_called() -> None:
    for name in ("create-app-role.sh", "turn.sh", "make-secrets.sh"):
        # Not executable, the database's entry point would run it inside itself.
        assert os.access(ROOT / "docker" / name, os.X_OK)


def test_where_no_proxy_can_be_had_it_is_said_in_one_line(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "telehealth.embedded.proxy"],
        cwd=ROOT,
        env={"PATH": str(tmp_path), "LANTERN_VAR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == ""
    assert done.stderr == (
        "  No Caddy here (Debian: apt-get install caddy): "
        "the clinic is tested without its proxy and TLS.\n"
    )

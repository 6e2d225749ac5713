"""Postgres is killed in mid-session: pages say "one moment", and everything goes on by itself."""

import http.client
import json
import os
import re
import signal
import subprocess
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest

from tests.bench.world import ROOT, free_port, python, running
from tests.house.machine import Machine, machine
from tests.sessions_app.steps import Wire, until

pytestmark = pytest.mark.timeout(240)
# As docker-compose.yml, with one process each.
PAGES = ["--worker-class", "gthread", "--threads", "4", "--no-control-socket"]
SOCKETS = ["--ws-max-size", "131072", "--lifespan", "off", "--no-access-log"]


@dataclass
class Clinic:
    host: Machine
    url: str
    story: dict[str, str]

    def get(self, page: str, who: str) -> tuple[int, dict[str, str], str]:
        """Status, headers and text of one page for a signed-in person."""
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=30)
        path = f"/sessions/{self.story['appointment']}/{page}/"
        connection.request("GET", path, headers={"Cookie": f"sessionid={self.story[who]}"})
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer.status, dict(answer.getheaders()), text

    def wire(self, who: str) -> Wire:
        """The socket whose address the page itself names."""
        status, _headers, text = self.get("check", who)
        assert status == 200, text[:500]
        found = re.search(r'data-socket-url="([^"?]+)', text)
        assert found, "the page names no socket"
        return Wire(found[1], origin=self.url, cookie=self.story[who])

    def kill_postgres(self) -> None:
        os.kill(self.host.pids()["postgres"], signal.SIGKILL)
        until(lambda: "postgres" not in self.host.pids())


@pytest.fixture
def place() -> Iterator[Clinic]:
    """Database, Redis, pages and sockets of this test alone, each a process."""
    with machine() as host:
        env = host.up() | {"DJANGO_SETTINGS_MODULE": "tests.sessions_app.restart_settings"}
        env |= {"LANTERN_VAR": str(host.var), "LOG_LEVEL": "CRITICAL"}

        told = subprocess.run(
            python("tests.sessions_app.restart_story"),
            cwd=ROOT,
            env=os.environ | env,
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        pages, sockets = free_port(), free_port()
        env["PUBLIC_ORIGIN"] = f"http://localhost:{pages}"
        env["SOCKET_ORIGIN"] = f"ws://localhost:{sockets}"
        address = f"127.0.0.1:{pages}"
        web = python("gunicorn", "telehealth.wsgi:application", "--bind", address, *PAGES)
        live = python("uvicorn", "telehealth.sockets:application", "--port", str(sockets), *SOCKETS)
        with (
            running(live, sockets, path="/livez", env=env),
            running(web, pages, path="/livez", env=env),
        ):
            yield Clinic(host, env["PUBLIC_ORIGIN"], json.loads(told.splitlines()[-1]))


def test_pages_say_one_moment_and_sockets_go_on(place: Clinic) -> None:
    therapist, child = place.wire("therapist"), place.wire("child")
    therapist.until("welcome")
    me = child.until("welcome")["you"]
    therapist.send("admit", participant=me)
    child.until("people", place="admitted")
    child.write("before")

    place.kill_postgres()
    status, headers, text = place.get("room", "child")
    assert (status, headers["Retry-After"]) == (503, "5")
    assert "One moment" in text
    lost = str(uuid.uuid4())
    child.send("chat.send", nonce=lost, text="during")
    answer = child.until("error")
    assert answer["code"] == "one_moment"
    assert "nonce" not in answer, "not refused for good: the page sends it again"
    assert therapist.refused("send_back", participant=me) == "one_moment"

    place.host.up()
    until(lambda: place.get("room", "child")[0] == 200)
    # The page sends again what was not taken; at the second try every connection is a new one.
    until(lambda: sent(child, lost))
    assert [seq for seq, _text in lines(therapist, 2)] == [1, 2]
    child.write("after")
    therapist.write("I read you")
    assert [text for _seq, text in lines(therapist, 3)] == ["before", "during", "after"]
    therapist.send("send_back", participant=me)
    child.until("people", place="waiting")
    for one in (therapist, child):
        one.close()


def sent(one: Wire, nonce: str) -> bool:
    one.send("chat.send", nonce=nonce, text="during")
    return one.until("chat.ack", "error")["type"] == "chat.ack"


def lines(one: Wire, count: int) -> list[tuple[int, str]]:
    while len([m for m in one.heard if m["type"] == "chat"]) < count:
        one.hear()
    return [(m["seq"], m["text"]) for m in one.heard if m["type"] == "chat"]

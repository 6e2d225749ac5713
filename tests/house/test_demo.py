"""`make demo`: what it prints, kill -9 of each of its processes, and that it leaves none behind."""

import http.cookiejar
import os
import re
import resource
import signal
import socket
import subprocess
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from telehealth.demo_clinic import PASSWORD
from telehealth.embedded.demo import why_unprepared
from tests.house.machine import Machine, alive, machine, until
from tests.ports import free_port

# One worker of a parallel run takes them all: the first start takes seconds.
pytestmark = [pytest.mark.xdist_group("demo"), pytest.mark.long, pytest.mark.timeout(300)]

# what each process is called here, and what its command line says; the last column: which of them
PROCESSES = [
    ("pages", "gunicorn", 0),
    ("one process of the pages", "gunicorn", -1),
    ("sockets", "uvicorn", 0),
    ("worker", "celery -A telehealth worker", 0),
    ("beat", "celery -A telehealth beat", 0),
    ("database", "bin/postgres -D", 0),
    ("a connection of the database", "postgres: app lantern", 0),
    ("cache and broker", "valkey-server", 0),
]


def command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


def descendants(pid: int) -> list[int]:
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        with suppress(OSError, ValueError):
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            parents.setdefault(parent, []).append(int(entry.name))
    found = sorted(child for child in parents.get(pid, ()) if alive(child))
    return found + [deeper for child in found for deeper in descendants(child)]


@dataclass
class Demo:
    """`make demo` with a state folder and ports of its own."""

    host: Machine
    ports: tuple[int, int] = field(default_factory=lambda: (free_port(), free_port()))
    process: "subprocess.Popen[bytes] | None" = None
    first_words: str = ""

    @property
    def url(self) -> str:
        return f"http://localhost:{self.ports[0]}"

    @property
    def output(self) -> str:
        return (self.host.var / "out").read_text()

    def start(self, *, until_it_says: str = "Ctrl-C stops everything.") -> None:
        self.host.environment = dict(
            zip(("PORT", "SOCKET_PORT"), map(str, self.ports), strict=True)
        )
        with (self.host.var / "out").open("wb") as out:
            self.process = subprocess.Popen(
                ["make", "--no-print-directory", "demo"],
                cwd=self.host.root,
                env=self.host.env(),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        said = until(lambda: until_it_says in self.output or self.ended(), seconds=90)
        assert said, self.output
        assert not self.ended(), self.output

    def ended(self) -> bool:
        return self.process is None or self.process.poll() is not None

    def wait(self) -> int:
        assert self.process is not None
        return self.process.wait(timeout=30)

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def press_ctrl_c(self) -> None:
        os.killpg(self.pid, signal.SIGINT)

    def supervisor(self) -> int:
        return next(p for p in descendants(self.pid) if "embedded.demo" in command_line(p))

    def pids(self, words: str) -> list[int]:
        return [pid for pid in descendants(self.pid) if words in command_line(pid)]

    def left(self) -> list[str]:
        """Every process of ours on this machine, by its state folder."""
        mark, found = str(self.host.var), []
        for entry in Path("/proc").iterdir():
            with suppress(OSError, ValueError):
                here = os.fsencode(f"LANTERN_VAR={mark}\0") in (entry / "environ").read_bytes()
                here = here or str((entry / "cwd").readlink()).startswith(mark)
                if here and alive(int(entry.name)):
                    found.append(command_line(int(entry.name)))
        return found

    def leaves_nothing(self) -> bool:
        return until(lambda: not self.left()) and not any(map(listens, self.ports))


def listens(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


class Visitor:
    """Somebody's browser, as far as a form and a cookie need one."""

    def __init__(self, url: str) -> None:
        self.url = url
        cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self.opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), cookies)

    def asks(self, path: str, **form: str) -> tuple[int, str]:
        data = urllib.parse.urlencode(form).encode() if form else None
        request = urllib.request.Request(  # noqa: S310  # always our own loopback
            self.url + path, data, {"Referer": self.url + path}
        )
        try:
            with self.opener.open(request, timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as refused:
            return refused.code, ""
        except OSError:
            return 0, ""

    def signs_in(self, name: str) -> str:
        _status, page = self.asks("/accounts/login/")
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        assert token, page
        status, home = self.asks(
            "/accounts/login/", csrfmiddlewaretoken=token[1], login=name, password=PASSWORD
        )
        assert status == 200
        if "Type the six digits" not in home:
            return home
        _status, codes = self.asks("/demo/codes/")
        code = re.search(rf'data-code-of="{name}">(\d+)<', codes)
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', home)
        assert code
        assert token
        return self.asks("/accounts/2fa/authenticate/", csrfmiddlewaretoken=token[1], code=code[1])[
            1
        ]


@pytest.fixture(scope="module")
def started() -> Iterator[Demo]:
    with machine() as host:
        it = Demo(host)
        it.start()
        it.first_words = it.output
        yield it
        if not it.ended():
            it.press_ctrl_c()
            assert it.wait() != 0
            assert it.output.rstrip().endswith("starts it again."), it.output
            assert not it.left()
            assert it.leaves_nothing()


@pytest.fixture
def running(started: Demo) -> Demo:
    """In whatever order the tests are run."""
    if started.ended():
        started.start()
    return started


@pytest.fixture
def sam(running: Demo) -> Visitor:
    visitor = Visitor(running.url)
    assert "Hello, Sam" in visitor.signs_in("sam")
    return visitor


def test_it_says_what_it_does_where_it_is_and_who_can_sign_in(running: Demo) -> None:
    said = running.first_words
    steps = re.findall(r"^  (.+?) \.\.\. +\d+\.\d s$", said, re.MULTILINE)
    assert len(steps) == 5, said
    assert f"Lantern is at {running.url}\n" in said
    assert PASSWORD in said
    assert f"{running.url}/mailbox/" in said
    assert max(len(line) for line in said.splitlines()) <= 80


def test_child_and_therapist_meet_from_two_browsers(running: Demo, sam: Visitor) -> None:
    _status, home = sam.asks("/")
    way = re.search(r'href="(/sessions/[^"]+)"', home)
    assert way, home
    assert sam.asks(way[1])[0] == 200
    amara = Visitor(running.url)
    assert "Sam" in amara.signs_in("amara")
    assert amara.asks("/mailbox/")[0] == 200


@pytest.mark.parametrize(("name", "words", "which"), PROCESSES, ids=[row[0] for row in PROCESSES])
def test_kill_9_is_survived(running: Demo, sam: Visitor, name: str, words: str, which: int) -> None:
    sam.asks("/")  # so that there is a connection to kill
    before = running.pids(words)
    os.kill(before[which], signal.SIGKILL)

    def back() -> bool:
        answers = sam.asks("/")[0], sam.asks("/readyz")[0]
        fresh = set(running.pids(words)) - {before[which]}
        return answers == (200, 200) and bool(fresh) and listens(running.ports[1])

    assert until(back, seconds=40), running.output
    assert not running.ended()


def test_a_second_demo_is_refused_with_the_way_out(running: Demo) -> None:
    answer = running.host.run(module="telehealth.embedded.demo")
    assert answer.code == 1
    assert answer.error == (
        f"The demo of this checkout is already running (process {running.supervisor()}). "
        "`make stop` ends it from here."
    )


def test_nothing_is_left_however_it_ends(running: Demo) -> None:
    demo = running
    os.kill(demo.supervisor(), signal.SIGKILL)
    assert demo.wait() != 0
    for sign in (signal.SIGTERM, signal.SIGHUP):
        # the first time at once, while the processes of the last run are still ending
        demo.start(until_it_says="Bringing the tables")
        os.killpg(demo.pid, sign)
        assert demo.wait() != 0  # so make says
        assert "Your data is kept" in demo.output
        assert "Traceback" not in demo.output
        assert not demo.left()
    demo.start(until_it_says="Bringing the tables")
    os.kill(demo.pid, signal.SIGKILL)  # make, which then cannot pass anything on
    demo.wait()
    assert demo.leaves_nothing(), demo.left()
    demo.start(until_it_says="Bringing the tables")
    assert demo.host.run("down").code == 0  # `make stop` in another window
    assert not demo.left()
    demo.wait()
    demo.start()
    assert Visitor(demo.url).asks("/readyz")[0] == 200


def refusal(host: Machine, **environment: str) -> str:
    host.environment = environment
    answer = host.run(module="telehealth.embedded.demo")
    assert answer.code == 1
    assert "Traceback" not in answer.error
    return answer.error


def test_a_port_that_cannot_be_used_is_named() -> None:
    with machine() as host, socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        for name in ("PORT", "SOCKET_PORT"):
            said = refusal(host, **({"PORT": str(free_port())} | {name: str(port)}))
            assert said.startswith(f"Port {port} cannot be used (Address already in use).")
            assert f"make demo {name}=" in said
        assert refusal(host, PORT="http").startswith("PORT must be a port number")
        assert refusal(host, PORT="70000").startswith("PORT must be a port number")
        same = str(free_port())
        said = refusal(host, PORT=same, SOCKET_PORT=same)
        assert said == f"PORT and SOCKET_PORT must differ; both are {same}."


def test_a_disk_that_takes_no_more_is_one_sentence() -> None:
    with machine() as host:
        host.environment = {"PORT": str(free_port()), "SOCKET_PORT": str(free_port())}
        done = subprocess.run(
            host.command("telehealth.embedded.demo"),
            cwd=host.root,
            env=host.env(),
            capture_output=True,
            text=True,
            check=False,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000)),
        )
        assert done.returncode == 1, done.stdout
        said = done.stderr.strip()
        assert "File too large" in said
        assert len(said) < 300
        assert len(said.splitlines()) == 1
        assert not Demo(host).left()


@pytest.mark.parametrize(
    ("output", "sentence"),
    [
        (
            "…\nDiskFull: could not extend file\nHINT:  Check free disk space.\n",
            "The disk is full.",
        ),
        ("OSError: [Errno 28] No space left on device: 'x'\n", "The disk is full."),
        (
            "Traceback\n  File x\nValueError: no\n\n",
            "The demo could not be prepared: ValueError: no",
        ),
        ("", "The demo could not be prepared: it was killed"),
    ],
)
def test_why_the_clinic_was_not_prepared_is_one_line(output: str, sentence: str) -> None:
    said = why_unprepared(output, Path("prepare.log"))
    assert said.startswith(sentence)
    assert "\n" not in said

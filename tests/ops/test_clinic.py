"""A clinic runs by the very commands and environment that docker-compose.yml names.

Behind the real proxy with TLS, with production settings, a worker and beat: a family signs up,
books, is reminded and meets its therapist; then the README's backup and restore.
"""

import base64
import hmac
import json
import re
import struct
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus

from telehealth.embedded import proxy
from tests.house.machine import until
from tests.ops.clinic import APP, Clinic, clinic
from tests.ops.compose import ROOT, readme_section
from tests.ops.visitor import Visitor, hear, letters, link_in, say

PASSPHRASE = "quiet-harbour-lamp-7"
LINES = ["Hello Robin", "Hello Amara"]
EMAIL = "nora@example.org"
CHECKLIST = {
    "identity_confirmed": "on",
    "location": "At home",
    "place": "GB",
    "callback_number": "020 7946 0001",
    "adult_location": "In the kitchen",
    "who_can_hear": "Nobody",
    "signals_agreed": "on",
    "backup_plan": "on",
}


def inside(it: Clinic, *arguments: str) -> dict[str, Any]:
    done = it.run("web", "python", "-m", "tests.ops.inside", *arguments)
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def mail(it: Clinic, to: str, words: str) -> str:
    """The text of the first letter to this reader whose subject holds these words."""
    arrived = until(lambda: any(words in subject for subject, _ in letters(it, to)), seconds=40)
    seen = [subject for subject, _ in letters(it, to)]
    assert arrived, (words, seen, it.log("worker")[-3000:])
    return next(text for subject, text in letters(it, to) if words in subject)


def signs_up(it: Clinic, guardian: Visitor) -> None:
    guardian.fill_in(
        "/accounts/signup/",
        display_name="Nora",
        email=EMAIL,
        password1=PASSPHRASE,
        time_zone="Europe/London",
    )
    guardian.fill_in(link_in(mail(it, EMAIL, "confirm your e-mail"), it))
    guardian.fill_in("/accounts/login/", login=EMAIL, password=PASSPHRASE)
    guardian.fill_in(
        "/children/add/",
        chosen_name="Robin",
        birth_date="2015-03-04",
        relation="parent",
        place="GB",
        time_zone="Europe/London",
        username="robin42",
        passphrase=PASSPHRASE,
    )


def agree(guardian: Visitor, child: Visitor, known: dict[str, Any]) -> None:
    answers = {f"question_{n}": str(right) for n, right in enumerate(known["answers"])}
    # A lie about one's address must not reach the record.
    guardian.headers["X-Forwarded-For"] = "203.0.113.9"
    guardian.fill_in(f"/children/{known['child']}/consent/", typed_name="Nora Example", **answers)
    del guardian.headers["X-Forwarded-For"]
    child.fill_in("/sign-in/child/", login="robin42", password=PASSPHRASE)
    child.fill_in("/assent/", answer="yes")


def books(it: Clinic, guardian: Visitor, known: dict[str, Any]) -> str:
    """The id of the appointment."""
    times = f"/book/{known['child']}/times/?therapist={known['therapist']}"
    days = re.findall(r'class="day" href="([^"]+)"', guardian.see(times))
    day = days[-1].replace("&amp;", "&")
    slot = re.search(r'name="slot" value="([^"]+)"', guardian.see(day))
    assert slot
    hold = f"/book/{known['child']}/hold/"
    held = guardian.fill_in(hold, on=day, slot=slot[1], minutes="50")
    booked = guardian.fill_in(held, who_joins="together")
    assert "Booked" in guardian.see(booked)
    # By the outbox and the worker, right after the commit: beat does not run yet.
    assert "beat" not in it.running
    mail(it, EMAIL, "booked")
    return booked.strip("/").split("/")[-1]


def is_reminded(it: Clinic, appointment: str) -> None:
    assert inside(it, "later", appointment, str(it.folder / "tmp" / "beat"))["reminders"] > 0
    it.start("beat")
    mail(it, EMAIL, "Appointment to")  # today at; shortly before midnight: tomorrow at
    it.wait_healthy("beat")


def code_now(secret: str) -> str:
    """What an authenticator app shows (RFC 6238)."""
    counter = struct.pack(">Q", int(time.time()) // 30)
    digest = hmac.digest(base64.b32decode(secret), counter, "sha1")
    number = int.from_bytes(digest[digest[-1] & 15 :][:4]) & 0x7FFFFFFF
    return f"{number % 1_000_000:06}"


def meet(it: Clinic, child: Visitor, appointment: str, known: dict[str, Any]) -> None:
    therapist = Visitor(it)
    second = therapist.fill_in(
        "/accounts/login/", login=known["email"], password="kind-lamp-river-42"
    )
    therapist.fill_in(second, code=code_now(known["secret"]))
    therapist.see(f"/sessions/{appointment}/room/")
    child.see(f"/sessions/{appointment}/wait/")
    path = f"/ws/sessions/{appointment}/"
    elsewhere = "https://elsewhere.example"
    with pytest.raises(InvalidStatus, match="HTTP 403"), child.socket(path, origin=elsewhere):
        pass
    with child.socket(path) as robin, therapist.socket(path) as amara:
        welcome = hear(robin, "welcome")
        assert (welcome["place"], welcome["ice_policy"]) == ("waiting", "relay")
        hear(amara, "welcome")
        room = f"/sessions/{appointment}/room/"
        therapist.fill_in(f"/sessions/{appointment}/checklist/", on=room, **CHECKLIST)
        amara.send(json.dumps({"type": "admit_all"}))
        while hear(robin, "people")["place"] != "admitted":
            pass
        kept = say(amara, LINES[0])
        assert hear(robin, "chat")["seq"] == kept["seq"]
        say(robin, LINES[1])
    therapist.close()


def the_proxy_keeps_its_word(it: Clinic, anybody: Visitor) -> None:
    home = anybody.get(f"{anybody.base}/", timeout=20)
    assert home.headers["Strict-Transport-Security"].startswith("max-age=31536000")
    assert home.headers["Content-Encoding"] in {"gzip", "zstd"}
    assert "Server" not in home.headers
    plain = f"http://localhost:{it.ports['http']}/accounts/login/"
    answer = anybody.get(plain, allow_redirects=False, timeout=20)
    assert answer.status_code == 308
    assert answer.headers["Location"].startswith("https://localhost")
    style = re.search(r'href="(/static/[^"]+\.css)"', home.text)
    assert style
    assert "immutable" in anybody.get(anybody.base + style[1], timeout=20).headers["Cache-Control"]


def readme_commands(heading: str) -> str:
    """The shell lines that follow this bold word in the README."""
    section = readme_section()
    _, found, after = section.partition(f"**{heading}")
    assert found, heading
    lines = re.search(r"^```sh\n(.*?)^```$", after, re.MULTILINE | re.DOTALL)
    assert lines
    return lines[1]


def types(it: Clinic, commands: str) -> str:
    """Run shell lines of the README; `docker` is ours (tests/ops/tools), which does them here."""
    told = {"CLINIC_FOLDER": str(it.folder), "CLINIC_DB_PORT": str(it.ports["db"])}
    done = subprocess.run(
        ["bash", "-euc", commands],
        cwd=it.folder,
        env=it.environment("web") | told | {"ROOT": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, (commands, done.stdout, done.stderr)
    return done.stdout


def one_moment(it: Clinic, guardian: Visitor) -> None:
    if it.caddy:
        assert "One moment, please" in guardian.see("/", status=503)


def comes_back_from_its_dump(
    it: Clinic, guardian: Visitor, appointment: str, before: dict[str, Any]
) -> None:
    head = types(it, "docker compose exec web python manage.py audit_verify").split()[-1]
    types(it, readme_commands("Backup"))
    stop, *restore, up, verify = readme_commands("Restore").splitlines()
    assert stop.startswith("docker compose stop ")
    it.stop(*stop.split()[3:])
    with ThreadPoolExecutor(1) as beside:
        # The proxy waits some seconds for the pages to come back, then asks for a moment.
        page = beside.submit(one_moment, it, guardian)
        types(it, "\n".join(restore))
        assert up == "docker compose up -d"
        migrated = it.run("migrate", *it.command("migrate"))
        assert "No migrations to apply" in migrated.stdout, migrated.stderr
        page.result()
    it.start("web")
    it.wait_healthy("web")
    assert types(it, f"{verify} --anchor {head}").split()[-1] == head
    assert inside(it, "look") == before
    assert "Robin" in guardian.see(f"/appointments/{appointment}/")


@pytest.mark.long
@pytest.mark.timeout(300)
def test_a_clinic_runs_by_the_very_commands_of_the_compose_file() -> None:
    with clinic(proxy.ensure()) as it, Visitor(it) as guardian, Visitor(it) as child:
        signs_up(it, guardian)
        known = inside(it, "staff", EMAIL)
        agree(guardian, child, known)
        appointment = books(it, guardian, known)
        is_reminded(it, appointment)
        meet(it, child, appointment, known)
        found = inside(it, "look")
        assert found["chat"] == LINES
        assert (found["mighty"], found["owner"]) == (False, True)
        assert {"btree_gist"} <= set(found["extensions"])
        # "localhost" is either, by the machine's own table of names
        here = {"127.0.0.0", "::"} if it.caddy else {"203.0.113.0"}
        assert found["ip"] in here
        if it.caddy:
            the_proxy_keeps_its_word(it, guardian)
        _up, *commands = readme_commands("4. Start").splitlines()
        said = types(it, "\n".join(commands))
        assert "no issues" in said
        assert f"https://{it.host}/invitation/" in said
        assert json.loads(guardian.see("/readyz"))["status"] == "ok"
        comes_back_from_its_dump(it, guardian, appointment, found)
        nobody_is_named_in_a_log(it)


def nobody_is_named_in_a_log(it: Clinic) -> None:
    for service in (*APP, "db", "redis", "proxy"):
        said = it.log(service)
        for word in ("nora", "robin", "amara", "203.0.113", PASSPHRASE, "Hello", "sessionid"):
            assert word not in said.lower(), (service, word, said)

"""Settings are loud: a clinic does not start with anything missing, unsafe or of the demo."""

import base64
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from telehealth.checks import refusals

ROOT = Path(__file__).resolve().parents[2]
KEY = base64.b64encode(bytes(range(32))).decode()
SECRET = "a-secret-of-our-own-0123456789-and-more-and-more-and-more"
CLINIC = {
    "DATABASE_URL": "postgres://app@db/lantern",
    "REDIS_URL": "redis://redis:6379/0",
    "SECRET_KEY": SECRET,
    "FIELD_KEYS": f"k1:{KEY}",
    "PUBLIC_ORIGIN": "https://clinic.example",
    "ALLOWED_HOSTS": "clinic.example",
    "EMAIL_URL": "smtp+tls://user:word@mail.example:587",
    "TURN_URLS": "turn:turn.example:3478",
    "TURN_SECRET": "a secret shared with coturn",
    "TRUSTED_PROXY_COUNT": "1",
    "CLINIC_COUNTRY": "IE",
}
VALUES = {
    "DEBUG": False,
    "DEMO": False,
    "PUBLIC_ORIGIN": "https://clinic.example",
    "SOCKET_ORIGIN": "wss://clinic.example",
    "ALLOWED_HOSTS": ["clinic.example"],
    "SECRET_KEY": SECRET,
    "FIELD_KEYS": f"k1:{KEY}",
    "CLINIC_COUNTRY": "IE",
}


def start(environment: dict[str, str], *command: str) -> subprocess.CompletedProcess[str]:
    settings = {"DJANGO_SETTINGS_MODULE": "telehealth.settings.production"}
    return subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin"} | settings | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_deploy_check_is_clean_for_a_clinic() -> None:
    done = start(CLINIC, "manage.py", "check", "--deploy", "--fail-level", "WARNING")
    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout


def test_the_deploy_check_speaks_up_without_relay_mail_or_visitors_own_addresses() -> None:
    poor = {key: value for key, value in CLINIC.items() if not key.startswith(("TURN", "TRUST"))}
    poor["EMAIL_BACKEND"] = "anymail.backends.console.EmailBackend"
    done = start(poor, "manage.py", "check", "--deploy", "--fail-level", "WARNING")
    assert done.returncode == 1
    assert "telehealth.W001" in done.stderr
    assert "telehealth.W002" in done.stderr
    assert "telehealth.E001" in done.stderr


# One process tries many starts: each alone would cost a second of imports.
TRIES = """
import importlib, json, os, sys
clinic = dict(os.environ)
for change in json.loads(sys.argv[1]):
    os.environ.clear()
    os.environ.update({k: v for k, v in (clinic | change).items() if v is not None})
    for name in [name for name in sys.modules if name.startswith("telehealth.settings.")]:
        del sys.modules[name]
    try:
        importlib.import_module("telehealth.settings.production")
        print("started")
    except Exception as exc:
        print(f"{type(exc).__name__}: {exc}")
"""


def tries(*changes: dict[str, str | None]) -> list[str]:
    done = start(CLINIC, "-c", TRIES, json.dumps(changes))
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_a_missing_value_stops_the_start_and_is_named() -> None:
    names = ["DATABASE_URL", "REDIS_URL", "SECRET_KEY", "FIELD_KEYS", "PUBLIC_ORIGIN", "EMAIL_URL"]
    said = tries(*({name: None} for name in names))
    assert said == [f"ImproperlyConfigured: Set the {name} environment variable" for name in names]


def test_an_address_left_empty_stops_the_start_and_is_named() -> None:
    names = ["DATABASE_URL", "REDIS_URL", "EMAIL_URL"]
    said = tries(*({name: ""} for name in names))
    assert said == [f"ImproperlyConfigured: {name} is empty." for name in names]


def test_an_unsafe_value_stops_the_start_before_anything_answers(tmp_path: Path) -> None:
    demo = tmp_path / "demo.key"
    demo.write_text("z9" * 40)
    assert tries(
        {"DEBUG": "yes"},
        {"PUBLIC_ORIGIN": "http://clinic.example"},
        {"SECRET_KEY": None, "SECRET_KEY_FILE": str(demo)},
    ) == [
        "ImproperlyConfigured: DEBUG must not be set in production.",
        (
            "ImproperlyConfigured: PUBLIC_ORIGIN must be https://your.domain: "
            "children's words travel over it."
        ),
        (
            "ImproperlyConfigured: SECRET_KEY_FILE points at the demo's key file. "
            "Make secrets of your own (see README)."
        ),
    ]


def test_secrets_may_come_from_files(tmp_path: Path) -> None:
    good = tmp_path / "secret_key"
    good.write_text(SECRET)
    assert tries({}, {"SECRET_KEY": None, "SECRET_KEY_FILE": str(good)}) == ["started", "started"]


def test_the_line_end_an_editor_leaves_is_no_part_of_a_secret(tmp_path: Path) -> None:
    """coturn gets the same file through a shell, which drops it: credentials would never fit."""
    (tmp_path / "turn_secret").write_text("shared with coturn\n")
    clinic = CLINIC | {"TURN_SECRET_FILE": str(tmp_path / "turn_secret")}
    ask = "from django.conf import settings; print(repr(settings.TURN_SECRET))"
    assert start(clinic, "-c", ask).stdout == "'shared with coturn'\n"


def test_a_secret_file_that_is_missing_stops_the_start_and_is_named() -> None:
    assert tries({"FIELD_KEYS": None, "FIELD_KEYS_FILE": "/nowhere/field_keys"}) == [
        (
            "ImproperlyConfigured: FIELD_KEYS_FILE names a file that cannot be read "
            "(No such file or directory)."
        )
    ]


def test_a_clinics_settings_are_not_refused() -> None:
    assert list(refusals(VALUES, {})) == []


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"DEBUG": True}, "DEBUG"),
        ({"DEMO": True}, "DEMO"),
        ({"PUBLIC_ORIGIN": "http://clinic.example"}, "PUBLIC_ORIGIN"),
        ({"PUBLIC_ORIGIN": "https://"}, "PUBLIC_ORIGIN"),
        ({"PUBLIC_ORIGIN": "clinic.example"}, "PUBLIC_ORIGIN"),
        ({"SOCKET_ORIGIN": "ws://clinic.example"}, "SOCKET_ORIGIN"),
        ({"ALLOWED_HOSTS": ["*"]}, "ALLOWED_HOSTS"),
        ({"ALLOWED_HOSTS": []}, "ALLOWED_HOSTS"),
        ({"SECRET_KEY": "short"}, "SECRET_KEY"),
        ({"SECRET_KEY": "demo-" + SECRET}, "SECRET_KEY"),
        ({"SECRET_KEY": "django-insecure-" + SECRET}, "SECRET_KEY"),
        ({"FIELD_KEYS": ""}, "FIELD_KEYS"),
        ({"FIELD_KEYS": "k1"}, "FIELD_KEYS"),
        ({"FIELD_KEYS": "k1:not base64"}, "FIELD_KEYS"),
        ({"FIELD_KEYS": f"k1:{KEY[:20]}"}, "FIELD_KEYS"),
        ({"FIELD_KEYS": f"k1:{KEY},k1:{KEY}"}, "FIELD_KEYS"),
        ({"FIELD_KEYS": f"demo-only:{KEY}"}, "FIELD_KEYS"),
        ({"FIELD_KEYS": f"k1:{KEY},test:{KEY}"}, "FIELD_KEYS"),
        ({"FIELD_KEYS": "k1:" + "A" * 43 + "="}, "FIELD_KEYS"),
        ({"CLINIC_COUNTRY": "Ireland"}, "CLINIC_COUNTRY"),
    ],
)
def test_each_unsafe_value_is_refused_in_a_sentence(change: dict[str, Any], word: str) -> None:
    (sentence,) = refusals(VALUES | change, {})
    assert sentence.startswith(word)
    assert sentence.endswith((".", ")."))
    assert KEY[:20] not in sentence


def test_the_demos_own_keys_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from telehealth.embedded.keys import key_file, load_demo_keys  # noqa: PLC0415

    monkeypatch.setenv("LANTERN_VAR", str(tmp_path))
    monkeypatch.delenv("SECRET_KEY", raising=False)
    monkeypatch.delenv("FIELD_KEYS", raising=False)
    load_demo_keys()
    text = key_file().read_text()
    load_demo_keys()
    assert key_file().read_text() == text, "made once, kept"
    assert key_file().stat().st_mode & 0o777 == 0o600
    keys = dict(line.split("=", 1) for line in text.splitlines())
    assert [sentence.split()[0] for sentence in refusals(VALUES | keys, {})] == [
        "SECRET_KEY",
        "FIELD_KEYS",
    ]

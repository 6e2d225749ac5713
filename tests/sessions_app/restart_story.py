"""Run as a program in a database of its own: one session now; prints who is signed in how."""

import json

import django
from django.core.management import call_command

from core.rls import steady


def main() -> None:
    django.setup()
    call_command("migrate", verbosity=0)
    from tests.bench.world import session_today, signed_in  # noqa: PLC0415

    therapist, child, _guardian, appointment = session_today("")
    story = {
        "appointment": str(appointment.pk),
        "therapist": signed_in(therapist),
        "child": signed_in(child),
    }
    print(json.dumps(story))


if __name__ == "__main__":
    with steady("tests"):
        main()

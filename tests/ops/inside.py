"""What time or staff does, by `python -m tests.ops.inside VERB …` in a service's environment.

Answers with one line of JSON.
"""

import json
import sys
from datetime import timedelta
from typing import Any

import django

django.setup()

from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret  # noqa: E402
from celery.beat import PersistentScheduler  # noqa: E402
from django.db import connection  # noqa: E402
from django.utils import timezone  # noqa: E402

from accounts import actions as accounts  # noqa: E402
from accounts.models import ConsentSignature, User  # noqa: E402
from accounts.selectors import current_document  # noqa: E402
from core.notifications.models import Notification  # noqa: E402
from core.rls import steady  # noqa: E402
from scheduling.models import Appointment  # noqa: E402
from scheduling.reminders import REMINDER  # noqa: E402
from sessions_app.models import ChatMessage  # noqa: E402
from telehealth.celery import app  # noqa: E402
from tests.cast import right_answers, therapist  # noqa: E402


def staff(guardian_email: str) -> dict[str, Any]:
    """A therapist joins the team of this guardian's child."""
    amara = therapist("amara", "Amara")
    guardian = User.objects.get(email=guardian_email)
    child = guardian.guardian_links.get().child
    accounts.join_care_team(actor=guardian, child=child, therapist=amara)
    secret = generate_totp_secret()
    TOTP.activate(amara.user, secret)
    return {
        "secret": secret,
        "child": str(child.pk),
        "therapist": str(amara.pk),
        "email": amara.user.email,
        "answers": right_answers(current_document()),
    }


def later(appointment_id: str, schedule: str) -> dict[str, Any]:
    """Time passes: the session begins in ten minutes, and beat was last here an hour ago."""
    now = timezone.now()
    starts_at = now + timedelta(minutes=10)
    Appointment.objects.filter(pk=appointment_id).update(
        starts_at=starts_at, ends_at=starts_at + timedelta(minutes=50)
    )
    due = Notification.objects.filter(subject_id=appointment_id, kind=REMINDER)
    due.update(due_at=now, next_attempt_at=now, useful_until=starts_at + timedelta(minutes=10))
    beat = PersistentScheduler(app, schedule_filename=schedule)
    for entry in beat.schedule.values():
        entry.last_run_at -= timedelta(hours=1)
    beat.close()
    return {"reminders": due.count()}


def look() -> dict[str, Any]:
    """What must be true in a clinic's database, and what must come back from a dump."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT rolsuper OR rolcreaterole OR rolbypassrls, pg_get_userbyid(datdba) = rolname"
            " FROM pg_roles, pg_database WHERE rolname = current_user"
            " AND datname = current_database()"
        )
        mighty, owner = cursor.fetchone()
        cursor.execute("SELECT extname FROM pg_extension ORDER BY 1")
        extensions = [name for (name,) in cursor.fetchall()]
    return {
        "mighty": mighty,
        "owner": owner,
        "extensions": extensions,
        "chat": [line.body for line in ChatMessage.objects.order_by("seq")],
        "ip": ConsentSignature.objects.get().ip_truncated,
    }


if __name__ == "__main__":
    verbs = {"staff": staff, "later": later, "look": look}
    with steady("tests"):
        print(json.dumps(verbs[sys.argv[1]](*sys.argv[2:])))

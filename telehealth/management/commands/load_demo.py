"""Fills an empty database with the demo clinic, and keeps one session about to start.

Idempotent: people are made once; each run moves the "about to start" session if the last one is
over. Only demo and test settings may run it.
"""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from accounts import actions as accounts
from accounts.models import (
    AssentAnswer,
    Child,
    GuardianLink,
    Licence,
    Role,
    Scope,
    StaffMembership,
    Therapist,
    User,
)
from accounts.selectors import current_document
from scheduling.models import (
    Appointment,
    BookingRules,
    CancelReason,
    ChildHours,
    ChildRhythm,
    Outcome,
    State,
    WeeklyHours,
    WhoJoins,
)
from sessions_app.models import NoteFormat, SessionNote
from telehealth.demo_clinic import FAMILIES, PASSWORD, THERAPISTS, DemoFamily, DemoTherapist

SCHOOL = ((8 * 60 + 45), (15 * 60 + 15))


class Command(BaseCommand):
    help = "Load the demo clinic (idempotent) and keep one session about to start."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("The demo clinic loads only with the demo settings.")
        with transaction.atomic():
            if not User.objects.filter(username="amara").exists():
                load_clinic()
            soon = keep_one_about_to_start()
        path = Path(settings.VAR_DIR) / "demo-sign-ins.txt"
        path.write_text(sign_ins(soon))
        self.stdout.write(path.read_text())


def adult(username: str, name: str, zone: str) -> User:
    user = User.objects.create_user(
        username, PASSWORD, email=f"{username}@demo.example", display_name=name, time_zone=zone
    )
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


def load_clinic() -> None:
    therapists = {row.username: therapist(row) for row in THERAPISTS}
    for username, name, role in (("mo", "Mo", Role.MODERATOR), ("pat", "Pat", Role.MANAGER)):
        user = adult(username, name, "Europe/London")
        StaffMembership.objects.create(user=user, role=role)
    for position, row in enumerate(FAMILIES):
        child = family(row)
        if row.stage != "new":
            accounts.join_care_team(
                actor=guardian_of(child), child=child, therapist=therapists[row.therapist]
            )
        if row.stage == "active":
            history(child, therapists[row.therapist], position)


def therapist(row: DemoTherapist) -> Therapist:
    user = adult(row.username, row.name, row.zone)
    StaffMembership.objects.create(user=user, role=Role.THERAPIST)
    person = Therapist.objects.create(user=user, title=row.title, about=row.about)
    for place in row.places:
        Licence.objects.create(
            therapist=person, place=place, number="DEMO", valid_from=date(2024, 1, 1)
        )
    BookingRules.objects.create(therapist=person)
    WeeklyHours.objects.bulk_create(
        WeeklyHours(therapist=person, weekday=day, start_minute=start, end_minute=end)
        for day in range(5)
        for start, end in ((9 * 60, 12 * 60 + 30), (14 * 60, 19 * 60))
    )
    return person


def family(row: DemoFamily) -> Child:
    guardian = adult(row.guardian, row.guardian.title(), row.zone)
    today = timezone.now().date()
    child = accounts.add_child(
        actor=guardian,
        chosen_name=row.child,
        birth_date=date(today.year - row.age, 1, 15),
        place=row.place,
        time_zone=row.zone,
        relation=row.relation,
        username=row.child.lower(),
        passphrase=PASSWORD,
    )
    ChildRhythm.objects.get_or_create(child=child)
    ChildHours.objects.bulk_create(
        ChildHours(
            child=child,
            kind=ChildHours.Kind.SCHOOL,
            weekday=day,
            start_minute=SCHOOL[0],
            end_minute=SCHOOL[1],
        )
        for day in range(5)
    )
    if row.second_guardian:
        GuardianLink.objects.create(
            child=child,
            guardian=adult(row.second_guardian, row.second_guardian.title(), row.zone),
            relation=row.relation,
            scopes=[Scope.SUMMARIES, Scope.JOIN],
        )
    if row.stage != "new":
        consent(guardian, child, agreed=row.stage == "active")
    return child


def guardian_of(child: Child) -> User:
    return child.guardian_links.earliest("started_at").guardian


def consent(guardian: User, child: Child, *, agreed: bool) -> None:
    document = current_document()
    accounts.sign_consent(
        actor=guardian,
        child=child,
        document=document,
        typed_name=guardian.display_name + " Demo",
        answers=[question["right"] for question in document.comprehension],
        ip="192.0.2.1",
    )
    if agreed:
        accounts.answer_assent(
            actor=child.user, child=child, document=document, answer=AssentAnswer.YES
        )


def history(child: Child, person: Therapist, position: int) -> None:
    """Past sessions (signed, unsigned, cancelled by a flare) and one to come."""
    hour = timezone.now().replace(minute=0, second=0, microsecond=0)
    base = hour.replace(hour=16) + timedelta(minutes=60 * (position % 3))
    for weeks in (3, 2, 1):
        past = appointment(child, person, base - timedelta(weeks=weeks))
        if weeks == 2 and position % 2:
            past.state, past.cancel_reason = State.CANCELLED, CancelReason.FLARE
            past.cancelled_at, past.cancelled_by = past.starts_at, past.booked_by
            past.outcome = Outcome.FLARE
            past.save()
            continue
        past.outcome = Outcome.COMPLETED
        past.save()
        if weeks > 1 or position % 2:
            signed_note(past, person)
    appointment(child, person, base + timedelta(days=7 + position % 4))


def appointment(child: Child, person: Therapist, starts_at: Any) -> Appointment:
    return Appointment.objects.create(
        child=child,
        therapist=person,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=50),
        state=State.BOOKED,
        who_joins=WhoJoins.CHILD,
        booked_by=guardian_of(child),
    )


def signed_note(past: Appointment, person: Therapist) -> None:
    SessionNote.objects.create(
        appointment=past,
        author=person.user,
        format=NoteFormat.SOAP,
        sections={
            "subjective": "School was hard on Tuesday; slept better after the breathing.",
            "objective": "Calm, sat up for most of the session, laughed twice.",
            "assessment": "Pacing starts to help with the afternoon crash.",
            "plan": "One small step more each school day; breathing before bed.",
        },
        signed_at=past.ends_at + timedelta(minutes=12),
    )


def keep_one_about_to_start() -> Appointment:
    """Sam and Amara meet in ten minutes, whenever the demo is started."""
    now = timezone.now()
    child = Child.objects.get(user__username="sam")
    person = Therapist.objects.get(user__username="amara")
    near = Appointment.objects.filter(
        child=child, state=State.BOOKED, starts_at__lte=now + timedelta(minutes=12), ends_at__gt=now
    ).first()
    if near is not None and not hasattr(near, "session"):
        return near
    if near is not None and near.ends_at > now + timedelta(minutes=15):
        return near
    clash = Appointment.objects.filter(
        therapist=person,
        state__in=[State.BOOKED, State.HELD],
        starts_at__lt=now + timedelta(minutes=60),
        ends_at__gt=now + timedelta(minutes=10),
    )
    clash.update(state=State.CANCELLED, cancel_reason=CancelReason.CLINIC, cancelled_at=now)
    start = (now + timedelta(minutes=10)).replace(second=0, microsecond=0)
    return appointment(child, person, start)


def sign_ins(soon: Appointment) -> str:
    local = soon.starts_at.astimezone(soon.child.user.zone)
    return f"""\
  Everyone's password is {PASSWORD}

  Child      sam      (sign in as a young person)   meets Amara at {local:%H:%M} London time
  Therapist  amara    (also: jonas, rosa)
  Guardian   maria    (also: grace, helen, katrin, peter, denise, carlos, fiona)
  Manager    pat      Moderator  mo

  Open two browsers (or one private window): sam in one, amara in the other, and join.
  E-mails that Lantern sends are in the mailbox page: /mailbox/
"""

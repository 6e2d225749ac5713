"""Fills an empty database with the demo clinic, and keeps one session about to start.

Idempotent: people are made once; each run moves the "about to start" session if the last one is
over. Only demo and test settings may run it.
"""

from datetime import date
from pathlib import Path
from typing import Any

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from accounts import actions as accounts
from accounts.actions.reads import saw
from accounts.models import (
    AssentAnswer,
    Child,
    Decision,
    GuardianLink,
    Licence,
    Role,
    Scope,
    StaffMembership,
    Therapist,
    User,
)
from accounts.selectors import consent_status, current_document
from core.timezones import local
from scheduling.models import Appointment, BookingRules, ChildHours, ChildRhythm, WeeklyHours
from telehealth.demo_clinic import FAMILIES, PASSWORD, THERAPISTS, DemoFamily, DemoTherapist
from telehealth.demo_codes import STAFF, give_second_factor
from telehealth.demo_sessions import guardian_of, history, keep_one_about_to_start

SCHOOL = (8 * 60 + 45, 15 * 60 + 15)  # the end is later for some, and includes the way home
NIGHT = (20 * 60 + 30, 31 * 60)


class Command(BaseCommand):
    help = "Load the demo clinic (idempotent) and keep one session about to start."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("The demo clinic loads only with the demo settings.")
        with transaction.atomic():
            if not User.objects.filter(username="amara").exists():
                load_clinic()
            # Also in a demo that was filled before staff needed one.
            for username, _name, _role in STAFF:
                give_second_factor(User.objects.get(username=username))
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
            reviewed(child, therapists[row.therapist])
            history(child, therapists[row.therapist], position)
            saw(therapists[row.therapist].user, "child.view", child)


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
    begins, ends = SCHOOL
    add_hours(child, ChildHours.Kind.SCHOOL, 5, (begins, ends + 15 * (row.age % 4)))
    add_hours(child, ChildHours.Kind.REST, 7, NIGHT)
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


def add_hours(child: Child, kind: str, days: int, window: tuple[int, int]) -> None:
    ChildHours.objects.bulk_create(
        ChildHours(
            child=child, kind=kind, weekday=day, start_minute=window[0], end_minute=window[1]
        )
        for day in range(days)
    )


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


def reviewed(child: Child, person: Therapist) -> None:
    """Where nobody has checked the law of the place, a clinician looks at the agreement."""
    if not consent_status(child).reviewed:
        accounts.review_consent(
            actor=person.user,
            child=child,
            decision=Decision.GOES_ON,
            reason="Spoke with Fiona; she has sole custody, and Zoe understands what we do.",
        )


def sign_ins(soon: Appointment) -> str:
    """What `make demo` prints; the children are named with what each one shows."""
    when = local(soon.starts_at, soon.child.user.zone)
    return f"""\
  Everybody's password is  {PASSWORD}

  Child      sam      meets Amara at {when:%H:%M} London time
             others:  tobi lina emil maya zoe; wren has not said yes, leo is new
  Therapist  amara    others: jonas (Berlin), rosa (New York)
  Guardian   maria    others: dan grace helen katrin peter denise carlos fiona
  Manager    pat      Moderator  mo

  Staff type a code as well: {settings.PUBLIC_ORIGIN}/demo/codes/

  To meet, sign in as sam in one browser and as amara in another one (or in a
  private window), and join. Lantern's e-mails: {settings.PUBLIC_ORIGIN}/mailbox/
"""

"""The fixed cast of every story, built by the real actions. There is always a stranger in it."""

import time
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from allauth.account.internal.userkit import user_id_to_str
from allauth.account.models import EmailAddress
from django.test import Client
from django.utils import timezone

from accounts import actions as accounts
from accounts.models import (
    AssentAnswer,
    Child,
    ConsentSignature,
    GuardianLink,
    Licence,
    Relation,
    Role,
    Scope,
    StaffMembership,
    Therapist,
    User,
)
from accounts.selectors import current_document
from accounts.sign_in import facts
from scheduling.models import BookingRules, WeeklyHours

PASSPHRASE = "kind-lamp-river-42"


@dataclass
class Cast:
    maria: User  # guardian of Sam, every scope
    dad: User  # second guardian of Sam, may only see
    olga: User  # a stranger: guardian of Timo
    sam: User  # child, 11, London
    timo: User  # child of Olga
    amara: User  # Sam's therapist
    ben: User  # therapist off Sam's team
    mo: User  # moderator
    pat: User  # practice manager
    sam_child: Child
    timo_child: Child
    amara_t: Therapist
    ben_t: Therapist

    @property
    def strangers_to_sam(self) -> list[User]:
        return [self.olga, self.timo, self.ben, self.mo, self.pat]


def adult(username: str, name: str, zone: str = "Europe/London") -> User:
    user = User.objects.create_user(
        username,
        PASSPHRASE,
        email=f"{username}@example.org",
        display_name=name,
        time_zone=zone,
        quiet_from=None,
        quiet_until=None,
    )
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


def therapist(username: str, name: str, places: tuple[str, ...] = ("GB",)) -> Therapist:
    user = adult(username, name)
    StaffMembership.objects.create(user=user, role=Role.THERAPIST)
    person = Therapist.objects.create(user=user, title="Psychologist")
    for place in places:
        Licence.objects.create(therapist=person, place=place, valid_from=date(2020, 1, 1))
    BookingRules.objects.create(therapist=person, min_notice_minutes=60)
    WeeklyHours.objects.bulk_create(
        WeeklyHours(therapist=person, weekday=day, start_minute=8 * 60, end_minute=20 * 60)
        for day in range(7)
    )
    return person


def staff(username: str, name: str, role: Role) -> User:
    user = adult(username, name)
    StaffMembership.objects.create(user=user, role=role)
    return user


def birthday(years: int) -> date:
    today = timezone.now().date()
    return date(today.year - years, 1, 1)


def child_of(guardian: User, name: str, years: int = 11, username: str = "") -> Child:
    return accounts.add_child(
        actor=guardian,
        chosen_name=name,
        birth_date=birthday(years),
        place="GB",
        time_zone="Europe/London",
        relation=Relation.PARENT,
        username=username or name.lower(),
        passphrase=PASSPHRASE,
    )


def build_cast() -> Cast:
    maria, olga = adult("maria", "Maria"), adult("olga", "Olga")
    sam_child, timo_child = child_of(maria, "Sam"), child_of(olga, "Timo")
    dad = adult("dad", "Dan")
    GuardianLink.objects.create(
        child=sam_child, guardian=dad, relation=Relation.PARENT, scopes=[Scope.SUMMARIES]
    )
    amara_t, ben_t = therapist("amara", "Amara"), therapist("ben", "Ben")
    accounts.join_care_team(actor=maria, child=sam_child, therapist=amara_t)
    accounts.join_care_team(actor=olga, child=timo_child, therapist=ben_t)
    return Cast(
        maria=maria,
        dad=dad,
        olga=olga,
        sam=sam_child.user,
        timo=timo_child.user,
        amara=amara_t.user,
        ben=ben_t.user,
        mo=staff("mo", "Mo", Role.MODERATOR),
        pat=staff("pat", "Pat", Role.MANAGER),
        sam_child=sam_child,
        timo_child=timo_child,
        amara_t=amara_t,
        ben_t=ben_t,
    )


def right_answers(document: object) -> list[int]:
    return [question["right"] for question in document.comprehension]  # type: ignore[attr-defined]


def sign_only(who: User, child: Child, typed_name: str = "Somebody Example") -> ConsentSignature:
    """One person's signature, with the right answers."""
    document = current_document()
    return accounts.sign_consent(
        actor=who,
        child=child,
        document=document,
        typed_name=typed_name,
        answers=right_answers(document),
        ip="192.0.2.7",
    )


def sign(guardian: User, child: Child) -> None:
    """Consent by the guardian and a "yes" by the child: the gate for booking and joining."""
    sign_only(guardian, child, "Maria Example")
    accounts.answer_assent(
        actor=child.user, child=child, document=current_document(), answer=AssentAnswer.YES
    )


def client_for(user: User) -> Client:
    """Somebody who has just signed in; who works here has shown the second factor as well."""
    client = Client()
    client.force_login(user)
    session = client.session
    session.update(facts(User.objects.get(pk=user.pk)))
    records = [{"method": "password", "at": time.time()}, {"method": "mfa", "at": time.time()}]
    session["account_authentication_methods_user"] = user_id_to_str(user)
    session["account_authentication_methods"] = records
    session.save()
    return client


def time_passes(client: Client, **how_long: float) -> None:
    """Since this person last proved who they are; the sign-in itself stays."""
    session = client.session
    later = timedelta(**how_long).total_seconds()
    for one in session["account_authentication_methods"]:
        one["at"] -= later
    session.save()


def next_weekday_at(hour: int, *, weekday: int = 2, weeks: int = 1) -> datetime:
    """A UTC instant on a coming weekday, at least `weeks` - 1 whole weeks away."""
    now = datetime.now(UTC)
    days = (weekday - now.weekday()) % 7 + 7 * weeks
    return (now + timedelta(days=days)).replace(hour=hour, minute=0, second=0, microsecond=0)

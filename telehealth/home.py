"""The one next thing for each role: what a person most needs to do now, and only that."""

from datetime import timedelta
from typing import Any

from django.db.models import Count, F, Max, Min, Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.access import (
    SOMEBODY,
    Verb,
    get_own_child,
    may_columns,
    verbs_beside,
    visible_children,
)
from accounts.models import Child, Role, User
from accounts.selectors import ConsentStatus, consent_status, consent_statuses, staff_list
from core.prepared import NOW, PERSON, SINCE, Prepared
from core.timezones import label, spoken
from scheduling.access import visible_appointments
from scheduling.models import OPENS_BEFORE, Appointment, AppointmentQuerySet, State
from scheduling.selectors import with_people
from sessions_app.models import SessionState
from sessions_app.selectors import HEARD_WITHIN, unsigned_notes, waiting_now
from telehealth.consent_steps import FamilyMember, NextStep, consent_step, yes_first


def _upcoming() -> AppointmentQuerySet:
    """What comes, and what still goes on though its time is over."""
    running = Q(session__state=SessionState.LIVE, session__opened_for=F("starts_at"))
    mine = visible_appointments(SOMEBODY, now=NOW).booked()
    return with_people(mine.filter(Q(ends_at__gt=NOW) | running).order_by("starts_at"))


_NEXT_THREE = Prepared(lambda: _upcoming()[:3])
_NEXT_TWENTY = Prepared(lambda: _upcoming()[:20])
_NEXT_GIVEN = Prepared(lambda: _upcoming().filter(therapist__user=PERSON)[:12])
_WAITING = Prepared(lambda: waiting_now(SOMEBODY, NOW, heard_since=SINCE))
_UNSIGNED = Prepared(lambda: unsigned_notes(SOMEBODY, NOW)[:10])
_OWN = Prepared(
    lambda: (
        visible_children(SOMEBODY, Verb.SEE, NOW)
        .filter(guardian_links__guardian=PERSON)
        .distinct()
        .annotate(**may_columns(SOMEBODY, NOW))
    )
)


def _asked_by(user: User) -> dict[Any, Any]:
    now = timezone.now()
    return {PERSON: user.pk, NOW: now, SINCE: now - HEARD_WITHIN}


def joinable(appointment: Appointment) -> bool:
    """Of the appointments on a home: none of them is over."""
    return appointment.starts_at - OPENS_BEFORE <= timezone.now()


def child_home(user: User) -> dict[str, Any]:
    child = get_own_child(user)
    consent = consent_status(child)
    upcoming = _NEXT_THREE.rows(_asked_by(user))
    return {
        "child": child,
        "step": child_step(child, consent, upcoming),
        "later": [] if not upcoming else upcoming[1:],
        "assent": consent.assent,
    }


def child_step(child: Child, consent: ConsentStatus, upcoming: list[Appointment]) -> NextStep:
    if not consent.stands:
        return yes_first(child, consent)
    if upcoming and joinable(upcoming[0]):
        return NextStep(
            _("Time to meet %(name)s") % {"name": upcoming[0].therapist.user.display_name},
            _("We look at your camera and sound first."),
            reverse("session_check", args=[upcoming[0].pk]),
            _("Join"),
            "camera-video",
        )
    if upcoming:
        first = upcoming[0]
        return NextStep(
            _("You meet %(name)s") % {"name": first.therapist.user.display_name},
            spoken(first.starts_at, child.user.zone, now=timezone.now()),
            reverse("appointment", args=[first.pk]),
            _("See more"),
            "calendar-heart",
        )
    if child.adult_at <= timezone.now():
        return NextStep(
            _("Plan a meeting"),
            _("Times that keep school, work and rest free."),
            reverse("book", args=[child.pk]),
            _("Find a time"),
            "calendar-plus",
        )
    return NextStep(
        _("Nothing to do right now"),
        _("When a meeting is planned, you will see it here."),
        icon="sun",
    )


def guardian_home(user: User) -> dict[str, Any]:
    found = [(child, verbs_beside(child)) for child in _OWN.rows(_asked_by(user))]
    consents = consent_statuses([child for child, _may in found])
    family = [
        FamilyMember(
            child,
            consents[child.pk],
            may,
            signed=consents[child.pk].signed_by(user.pk) is not None,
        )
        for child, may in found
    ]
    by_child = {member.child.pk: member for member in family}
    for appointment in _NEXT_TWENTY.rows(_asked_by(user)):
        if appointment.child_id in by_child:
            by_child[appointment.child_id].appointments.append(appointment)
    return {"family": family, "step": guardian_step(family)}


def guardian_step(family: list[FamilyMember]) -> NextStep:
    if not family:
        return NextStep(
            _("Tell us about your child"),
            _("It takes about two minutes. You can stop and come back."),
            reverse("child_add"),
            _("Add your child"),
            "person-plus",
        )
    planned = sorted(
        (member for member in family if member.appointments),
        key=lambda member: member.appointments[0].starts_at,
    )
    for member in planned:
        if Verb.ATTEND in member.may and joinable(member.appointments[0]):
            return _join_step(member.appointments[0])
    for member in family:
        step = consent_step(member)
        if step:
            return step
    unplanned = next((m for m in family if m.may_book and not m.appointments), None)
    if unplanned is not None:
        return _booking_step(unplanned)
    if not planned:
        text = _("When a session is booked, you see it here.")
        return NextStep(_("Nothing waits for you"), text, icon="check2-circle")
    return _all_set(planned[0].appointments[0])


def _join_step(appointment: Appointment) -> NextStep:
    words = {
        "child": appointment.child.user.display_name,
        "name": appointment.therapist.user.display_name,
        "time": label(appointment.starts_at, timezone.get_current_timezone()),
    }
    return NextStep(
        _("%(child)s’s session is about to start") % words,
        _(
            "%(time)s with %(name)s. %(child)s joins from their own page."
            " You can join from another place."
        )
        % words,
        reverse("session_check", args=[appointment.pk]),
        _("Join as a parent or carer"),
        "camera-video",
    )


def _booking_step(member: FamilyMember) -> NextStep:
    return NextStep(
        _("Book a session for %(name)s") % {"name": member.child.user.display_name},
        _("Times that keep school and rest free."),
        reverse("book", args=[member.child.pk]),
        _("Find a time"),
        "calendar-plus",
    )


def _all_set(soonest: Appointment) -> NextStep:
    return NextStep(
        _("You are all set"),
        _("The next session is below. We will remind you."),
        reverse("appointment", args=[soonest.pk]),
        _("See the next session"),
        "check2-circle",
    )


def therapist_home(user: User) -> dict[str, Any]:
    day_end = timezone.localtime().replace(hour=0, minute=0, second=0) + timedelta(days=1)
    asked = _asked_by(user)
    upcoming = _NEXT_GIVEN.rows(asked)
    waiting = _WAITING.rows(asked)
    notes = _UNSIGNED.rows(asked)
    return {
        "today": [a for a in upcoming if a.starts_at < day_end],
        "later": [a for a in upcoming if a.starts_at >= day_end][:5],
        "waiting": waiting,
        "unsigned": notes,
        "step": therapist_step(upcoming, waiting, notes),
    }


def therapist_step(
    upcoming: list[Appointment], waiting: list[Appointment], notes: list[Appointment]
) -> NextStep:
    if waiting:
        return NextStep(
            _("%(name)s is waiting") % {"name": waiting[0].child.user.display_name},
            label(waiting[0].starts_at, timezone.get_current_timezone()),
            reverse("session_room", args=[waiting[0].pk]),
            _("Open the room"),
            "camera-video",
        )
    if upcoming and joinable(upcoming[0]):
        return NextStep(
            _("Next: %(name)s") % {"name": upcoming[0].child.user.display_name},
            label(upcoming[0].starts_at, timezone.get_current_timezone()),
            reverse("session_room", args=[upcoming[0].pk]),
            _("Open the room"),
            "camera-video",
        )
    if notes:
        return NextStep(
            _("Sign the note for %(name)s") % {"name": notes[0].child.user.display_name},
            label(notes[0].starts_at, timezone.get_current_timezone()),
            reverse("note", args=[notes[0].pk]),
            _("Open the note"),
            "journal-text",
        )
    return NextStep(_("Nothing waits for you"), icon="check2-circle")


def manager_home() -> dict[str, Any]:
    staff = list(staff_list())
    if any(member.role == Role.THERAPIST for member in staff):
        step = NextStep(
            _("Nothing waits for you"),
            ngettext("%(n)d person works here.", "%(n)d people work here.", len(staff))
            % {"n": len(staff)},
            icon="check2-circle",
        )
    else:
        step = NextStep(
            _("Invite your first therapist"),
            _("They set their own hours. Then families can book."),
            reverse("staff_invite"),
            _("Invite a colleague"),
            "person-plus",
        )
    return {"staff": staff, "step": step}


def moderator_home() -> dict[str, Any]:
    text = _("Peer groups are not open yet. Posts to read will appear here.")
    return {"step": NextStep(_("Nothing waits for you"), text, icon="check2-circle")}


def _caseload() -> QuerySet[Child]:
    booked = Q(appointments__state=State.BOOKED, appointments__therapist__user=PERSON)
    return (
        visible_children(SOMEBODY, Verb.TREAT, NOW)
        .annotate(
            next_at=Min(
                "appointments__starts_at", filter=booked & Q(appointments__ends_at__gt=NOW)
            ),
            last_at=Max(
                "appointments__starts_at", filter=booked & Q(appointments__ends_at__lte=NOW)
            ),
            sessions=Count("appointments", filter=booked & Q(appointments__ends_at__lte=NOW)),
        )
        .order_by("next_at", "user__display_name")
    )


_CASELOAD = Prepared(_caseload)


def caseload_rows(user: User) -> list[Child]:
    """The therapist's children, each with the next and the last session's instant."""
    return _CASELOAD.rows(_asked_by(user))

"""What safety asks for: reading a record in an emergency, keeping something from a guardian."""

from collections.abc import Collection
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from accounts.access import Verb, get_child_for, has_role, people_who_can
from accounts.access_family import get_flag_for, get_opening_for, leads
from accounts.actions.matters import turn
from accounts.broadcast import access_revoked
from accounts.errors import FlagStands, NotOpened, SecondClinician
from accounts.models import BreakGlass, Child, GuardianLink, RiskFlag, Role, User
from core.audit.actions import record, record_once
from core.errors import DomainError, NotVisible
from core.notifications.actions import queue

OPEN_FOR = timedelta(hours=4)
REVIEW_WITHIN = timedelta(hours=24)


def break_glass(*, actor: User, sign_in_name: str, reason: str) -> BreakGlass:
    """A therapist of the clinic reads a record they have no part in, for four hours, with a reason.

    NotVisible for everybody else. NotOpened for an unknown name, a closed record, and where they
    are on the team already; the attempt is noted. A second press in the four hours is the same one.
    """
    if not has_role(actor, Role.THERAPIST):
        raise NotVisible
    opening = _open(actor, sign_in_name.strip().lower(), reason.strip())
    if opening is None:
        record_once(actor=actor, action="break_glass.refused")
        raise NotOpened  # outside the transaction: what is noted must be committed
    return opening


@transaction.atomic
def _open(actor: User, sign_in_name: str, reason: str) -> BreakGlass | None:
    child = Child.objects.filter(user__username=sign_in_name, user__is_active=True).first()
    if child is None or people_who_can(Verb.TREAT, child).filter(pk=actor.pk).exists():
        return None
    turn(child)
    now = timezone.now()
    open_now = BreakGlass.objects.current(now).filter(child=child, person=actor).first()
    if open_now is not None:
        return open_now  # type: ignore[no-any-return]
    opening = BreakGlass.objects.create(
        child=child, person=actor, reason=reason, started_at=now, ended_at=now + OPEN_FOR
    )
    record(actor=actor, action="break_glass.open", obj=opening, child_id=child.pk)
    for lead in leads():
        queue(
            actor=actor,
            kind="break_glass.opened",
            recipient=lead,
            subject=opening,
            dedup_key=f"break_glass.opened:{opening.pk}:{lead.pk}",
        )
    return opening


@transaction.atomic
def acknowledge_opening(*, actor: User, opening: BreakGlass, withhold: bool) -> BreakGlass:
    """The lead has seen it; `withhold` keeps it out of what the family reads, for safety."""
    opening = get_opening_for(actor, opening.pk)
    BreakGlass.objects.select_for_update().get(pk=opening.pk)
    opening.seen_by, opening.seen_at, opening.withheld = actor, timezone.now(), withhold
    opening.save(update_fields=["seen_by", "seen_at", "withheld"])
    record(
        actor=actor,
        action="break_glass.seen",
        obj=opening,
        child_id=opening.child_id,
        fields=["withheld"],
    )
    return opening


@transaction.atomic
def close_opening(*, actor: User, opening: BreakGlass) -> BreakGlass:
    """The lead ends it before its time."""
    opening = get_opening_for(actor, opening.pk)
    now = timezone.now()
    if opening.ended_at is None or opening.ended_at > now:
        opening.ended_at = now
        opening.save(update_fields=["ended_at"])
        record(actor=actor, action="break_glass.close", obj=opening, child_id=opening.child_id)
        access_revoked([opening.person_id], opening.child_id)
    return opening


@transaction.atomic
def flag_guardian(
    *, actor: User, child: Child, guardian: User, hides: Collection[str], reason: str
) -> RiskFlag:
    """Keeps topics from one guardian at once; a second clinician looks at it within a day.

    The flagged person is told nothing, and nothing of theirs changes but what is left out.
    """
    turn(child)
    child = get_child_for(actor, child.pk, Verb.TREAT)
    links = GuardianLink.objects.current().filter(child=child, guardian=guardian)
    if not links.exists() or guardian.pk == actor.pk:
        raise NotVisible
    if RiskFlag.objects.current().filter(child=child, guardian=guardian).exists():
        raise FlagStands
    now = timezone.now()
    flag = RiskFlag.objects.create(
        child=child,
        guardian=guardian,
        hides=sorted(hides),
        zone_shown=child.user.time_zone,
        reason=reason.strip(),
        set_by=actor,
        started_at=now,
        review_due_at=now + REVIEW_WITHIN,
    )
    record(actor=actor, action="risk.set", obj=flag, child_id=child.pk, fields=["hides"])
    _ask_second(actor, flag)
    return flag


def _ask_second(actor: User, flag: RiskFlag) -> None:
    """The rest of the care team and the leads now; the leads once more when the day is over."""
    others = people_who_can(Verb.TREAT, flag.child) | leads()
    for person in others.exclude(pk__in=[actor.pk, flag.guardian_id]):
        queue(
            actor=actor,
            kind="risk.review",
            recipient=person,
            subject=flag,
            dedup_key=f"risk.review:{flag.pk}:{person.pk}",
        )
    for lead in leads().exclude(pk=flag.guardian_id):
        queue(
            actor=actor,
            kind="risk.review",
            recipient=lead,
            subject=flag,
            dedup_key=f"risk.overdue:{flag.pk}:{lead.pk}",
            due_at=flag.review_due_at,
        )


def review_flag(*, actor: User, flag: RiskFlag, keep: bool) -> RiskFlag:
    """A second clinician keeps it or ends it; SecondClinician for whoever set it."""
    reviewed = _review(actor, flag, keep=keep)
    if isinstance(reviewed, DomainError):
        record_once(actor=actor, action="risk.review_refused", child_id=flag.child_id)
        raise reviewed
    return reviewed


@transaction.atomic
def _review(actor: User, flag: RiskFlag, *, keep: bool) -> RiskFlag | DomainError:
    turn(flag.child)
    flag = get_flag_for(actor, flag.pk)
    if flag.set_by_id == actor.pk:
        return SecondClinician()
    flag.reviewed_by, flag.reviewed_at = actor, timezone.now()
    flag.ended_at = None if keep else flag.reviewed_at
    flag.save(update_fields=["reviewed_by", "reviewed_at", "ended_at"])
    action = "risk.keep" if keep else "risk.end"
    record(actor=actor, action=action, obj=flag, child_id=flag.child_id)
    return flag

"""A guardian adds a child and looks after the child's own sign-in."""

from datetime import date

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.access import Verb, check_adult, get_child_for, people_who_can
from accounts.actions.sign_ins import end_sign_ins
from accounts.broadcast import access_revoked
from accounts.errors import ChildAge, EnoughChildren, NameTaken
from accounts.limits import unlock_name
from accounts.models import Child, GuardianLink, SignInCard, Theme, User
from core.actors import Actor
from core.audit.actions import record
from core.encryption import new_data_key
from core.rls import acting_as, system

YOUNGEST, OLDEST = 6, 17
MOST_CHILDREN = 24


@transaction.atomic
def add_child(
    *,
    actor: User,
    chosen_name: str,
    birth_date: date,
    place: str,
    time_zone: str,
    relation: str,
    username: str,
    passphrase: str,
) -> Child:
    """A new child with a sign-in without e-mail, linked to the guardian who adds it.

    NameTaken, ChildAge. Nothing is collected from the child here (SAFETY.md: under 13 nothing
    before the guardian's consent). NotVisible for a child; EnoughChildren.
    """
    check_adult(actor)
    # The adult's row is the turn: presses at once would each count too few.
    User.objects.select_for_update().get(pk=actor.pk)
    if GuardianLink.objects.current().filter(guardian=actor).count() >= MOST_CHILDREN:
        raise EnoughChildren
    try:
        with transaction.atomic():
            user = User.objects.create_user(
                username.strip().lower(),
                passphrase,
                display_name=chosen_name.strip(),
                time_zone=time_zone,
            )
    except IntegrityError as exc:
        raise NameTaken from exc
    child = Child(user=user, birth_date=birth_date, place=place, data_key=new_data_key())
    if not YOUNGEST <= child.age <= OLDEST:
        raise ChildAge
    child.keep_adult_at()
    child.save()
    GuardianLink.objects.create(child=child, guardian=actor, relation=relation)
    record(actor=actor, action="child.add", obj=child, child_id=child.pk)
    return child


@transaction.atomic
def set_child_passphrase(*, actor: User, child: Child, passphrase: str) -> Child:
    """A new passphrase; every open sign-in of the child ends, so a lost device is shut out."""
    child = get_child_for(actor, child.pk, Verb.MANAGE_SIGN_IN)
    child.user.set_password(passphrase)
    child.user.save(update_fields=["password"])
    end_sign_ins(actor=actor, user=child.user)
    transaction.on_commit(lambda: unlock_name(child.user.username), robust=True)
    record(actor=actor, action="child.passphrase", obj=child, child_id=child.pk)
    return child


@transaction.atomic
def close_sign_in(*, actor: Actor, child: Child) -> None:
    """Nobody signs in as this child any more, and nobody opens its record by a page or a socket."""
    # The manager who decides is tied to nobody, and must reach everybody.
    with acting_as(system("sign-in")):
        people = [*people_who_can(Verb.SEE, child).values_list("pk", flat=True), child.user_id]
    user = child.user
    user.set_unusable_password()
    user.is_active = False
    user.save(update_fields=["password", "is_active"])
    end_sign_ins(actor=actor, user=user)
    SignInCard.objects.filter(child=child, ended_at=None).update(ended_at=timezone.now())
    access_revoked(people, child.pk)
    record(actor=actor, action="child.close", obj=child, child_id=child.pk)


@transaction.atomic
def save_profile(
    *,
    actor: User,
    display_name: str,
    time_zone: str,
    theme: Theme,
    quiet_from: int | None,
    quiet_until: int | None,
) -> User:
    """What a person may change about themselves. Quiet hours are minutes of the day."""
    user = User.objects.select_for_update().get(pk=actor.pk)
    user.display_name, user.time_zone, user.theme = display_name.strip(), time_zone, theme
    user.quiet_from, user.quiet_until = quiet_from, quiet_until
    changed = ["display_name", "time_zone", "theme", "quiet_from", "quiet_until"]
    user.save(update_fields=changed)
    _keep_adult_at(user)
    record(actor=actor, action="profile.save", obj=user, fields=changed)
    return user


def _keep_adult_at(user: User) -> None:
    """A child who moved to another zone turns 18 by the clock there."""
    for child in Child.objects.select_for_update(of=("self",)).filter(user=user):
        child.user = user
        child.keep_adult_at()
        child.save(update_fields=["adult_at"])

"""Where somebody is signed in: ending one, renewing one, letting a locked-out child try again."""

from collections.abc import Iterable, Mapping
from datetime import timedelta

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models.functions import Greatest
from django.utils import timezone

from accounts.access import Verb, get_child_for
from accounts.broadcast import access_revoked
from accounts.limits import unlock_name
from accounts.models import Child, User
from accounts.sessions import MOVED_TO, SessionStore
from core.actors import Actor
from core.audit.actions import record
from core.errors import NotVisible


def _end(rows: Iterable[UserSession]) -> int:
    """Their sockets close as well: access_revoked makes each look at its own sign-in again."""
    rows = list(rows)
    Session.objects.filter(session_key__in=[row.session_key for row in rows]).delete()
    UserSession.objects.filter(pk__in=[row.pk for row in rows]).delete()
    return len(rows)


@transaction.atomic
def end_sign_in(*, actor: User, sign_in_id: int) -> int:
    """One of one's own; NotVisible for another person's."""
    row = UserSession.objects.filter(user=actor, pk=sign_in_id).first()
    if row is None:
        raise NotVisible
    ended = _end([row])
    record(actor=actor, action="sign_in.end", obj=actor)
    access_revoked([actor.pk], actor.pk)
    return ended


@transaction.atomic
def end_sign_ins(*, actor: Actor, user: User, but: str | None = None) -> int:
    """All of them, or all `but` the one with this key: whoever holds a lost device is shut out."""
    ended = _end(UserSession.objects.filter(user=user).exclude(session_key=but))
    if ended:
        record(actor=actor, action="sign_in.end_all", obj=user)
    access_revoked([user.pk], user.pk)
    return ended


@transaction.atomic
def reset_second_factor(*, actor: Actor, user: User) -> int:
    """Lost beyond the recovery codes: how many ways to prove it are gone. All sign-ins end."""
    removed, _kinds = Authenticator.objects.filter(user=user).delete()
    record(actor=actor, action="second_factor.reset", obj=user)
    end_sign_ins(actor=actor, user=user)
    return int(removed)


@transaction.atomic
def renew(*, session: SessionStore) -> None:
    """Somebody's roles changed: what knew the key before knows nothing of what it opens now."""
    old = session.move()
    UserSession.objects.filter(session_key=old).update(session_key=session.session_key)


@transaction.atomic
def idled_out(*, key: str) -> bool:
    """Whether this key was a sign-in that ended because nothing happened; told once."""
    row = Session.objects.filter(session_key=key, expire_date__lte=timezone.now()).first()
    data = row.get_decoded() if row is not None else {}
    user = User.objects.filter(pk=data[SESSION_KEY]).first() if SESSION_KEY in data else None
    if user is None or MOVED_TO in data:
        return False
    _end(UserSession.objects.filter(session_key=key))
    Session.objects.filter(session_key=key).delete()
    record(actor=user, action="sign_in.idle", obj=user)
    access_revoked([user.pk], user.pk)
    return True


def stay_signed_in(keys: Mapping[int, Iterable[str]]) -> None:
    """Who is in a live room is not away. `keys` of sign-ins by the seconds each may be idle."""
    now = timezone.now()
    for seconds, some in keys.items():
        until = now + timedelta(seconds=seconds)
        Session.objects.filter(session_key__in=list(some), expire_date__gt=now).update(
            expire_date=Greatest("expire_date", until)
        )


@transaction.atomic
def unlock_child(*, actor: User, child: Child) -> Child:
    """Too many wrong tries, perhaps a sibling's: the child may try again at once."""
    child = get_child_for(actor, child.pk, Verb.MANAGE_SIGN_IN)
    record(actor=actor, action="child.unlock", obj=child, child_id=child.pk)
    transaction.on_commit(lambda: unlock_name(child.user.username), robust=True)
    return child

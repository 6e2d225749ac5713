"""What people are told about consent. No health word, no text of anyone."""

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from accounts.access import Verb, can
from accounts.access_family import hidden_from, visible_flags, visible_openings
from accounts.models import (
    Assent,
    CareTeamMembership,
    Child,
    ComingOfAge,
    ConsentMatter,
    ConsentSignature,
    Passage,
    Topic,
    User,
)
from accounts.selectors import consent_status
from core.notifications.kinds import Kind, Message, register
from core.notifications.models import Notification


def register_kinds() -> None:
    register(Kind(code="consent.copy", render=_copy, still_valid=_signed))
    register(Kind(code="consent.needed", render=_needed, still_valid=_still_needed))
    register(Kind(code="consent.matter", render=_matter, still_valid=_undecided))
    register(Kind(code="consent.decided", render=_decided, still_valid=_may_hear_of_it))
    register(Kind(code="care_team.joined", render=_joined, still_valid=_on_the_team))
    register(Kind(code="break_glass.opened", render=_opened, still_valid=_unseen))
    register(Kind(code="risk.review", render=_look_again, still_valid=_unreviewed))
    register(Kind(code="birthday", render=_birthday))
    register(Kind(code="assent.question", render=_question, still_valid=_unanswered))
    register(Kind(code="assent.reply", render=_reply, still_valid=lambda _row: True))


def _signed(row: Notification) -> bool:
    return ConsentSignature.objects.filter(pk=row.subject_id, withdrawn_at=None).exists()


def _copy(row: Notification) -> Message:
    signature = ConsentSignature.objects.select_related("child__user").get(pk=row.subject_id)
    return Message(
        title=_("Your copy is ready"),
        body=_("Thank you. You can read what you signed, and take it back, at any time."),
        action_path=reverse("consent_copy", args=[signature.pk]),
        action_label=_("Keep my copy"),
    )


def _child(row: Notification) -> Child:
    return Child.objects.select_related("user").get(pk=row.subject_id)


def _reader(row: Notification) -> User:
    return User.objects.get(pk=row.recipient_id)


def _may_consent(row: Notification) -> bool:
    return can(_reader(row), Verb.CONSENT, _child(row))


def _may_hear_of_it(row: Notification) -> bool:
    """That the clinic looked at something is kept from whom it is hidden from."""
    return _may_consent(row) and Topic.CASE not in hidden_from(_reader(row), _child(row))


def _still_needed(row: Notification) -> bool:
    status = consent_status(_child(row))
    unsigned = status.signed_by(row.recipient_id) is None
    return _may_consent(row) and status.together and unsigned


def _needed(row: Notification) -> Message:
    return Message(
        title=_("Your signature is asked for"),
        body=_("Something waits for you to read it and to decide. Take the time you need."),
        action_path=reverse("consent_sign", args=[row.subject_id]),
        action_label=_("Read it"),
    )


def _undecided(row: Notification) -> bool:
    open_ones = ConsentMatter.objects.filter(pk=row.subject_id, decided_at=None)
    return any(can(_reader(row), Verb.SETTLE, matter.child) for matter in open_ones)


def _matter(_row: Notification) -> Message:
    return Message(
        title=_("Something waits for you to decide"),
        body=_("Please look at it when you can. A family is waiting."),
        action_path=reverse("consent_matters"),
        action_label=_("Look at it"),
    )


def _decided(row: Notification) -> Message:
    return Message(
        title=_("There is news"),
        body=_("Someone from the clinic looked at what was waiting."),
        action_path=reverse("child_detail", args=[row.subject_id]),
        action_label=_("See more"),
    )


def _on_the_team(row: Notification) -> bool:
    return bool(CareTeamMembership.objects.current().filter(pk=row.subject_id).exists())


def _joined(row: Notification) -> Message:
    membership = CareTeamMembership.objects.get(pk=row.subject_id)
    return Message(
        title=_("You are on a care team"),
        body=_("A colleague added you. You can look at it now."),
        action_path=reverse("child_detail", args=[membership.child_id]),
        action_label=_("Have a look"),
    )


def _unseen(row: Notification) -> bool:
    return visible_openings(_reader(row)).filter(pk=row.subject_id, seen_at=None).exists()


def _opened(_row: Notification) -> Message:
    return Message(
        title=_("Something was opened in an emergency"),
        body=_("Please look at it and say that you have seen it."),
        action_path=reverse("safety"),
        action_label=_("Look at it"),
    )


def _unreviewed(row: Notification) -> bool:
    waiting = visible_flags(_reader(row)).filter(pk=row.subject_id, reviewed_at=None)
    return waiting.exclude(set_by=row.recipient_id).exists()


def _look_again(row: Notification) -> Message:
    return Message(
        title=_("A second look is needed"),
        body=_("A colleague decided something that somebody else has to look at within a day."),
        action_path=reverse("risk_review", args=[row.subject_id]),
        action_label=_("Look at it"),
    )


def _birthday(row: Notification) -> Message:
    """To the young person, and to those who looked after them until today."""
    coming = ComingOfAge.objects.select_related("child").get(pk=row.subject_id)
    own = coming.child.user_id == row.recipient_id
    words = _TO_THE_CHILD if own else _TO_A_GUARDIAN
    title, body, label = words[Passage(coming.passage)]
    return Message(title=str(title), body=str(body), action_path="/", action_label=str(label))


_TO_THE_CHILD = {
    Passage.FULLER: (
        _lazy("You are 12 now"),
        _lazy("You can read more about how things work here, and what stays private."),
        _lazy("Have a look"),
    ),
    Passage.OWN: (
        _lazy("You decide for yourself now"),
        _lazy("From this birthday on we ask you to sign. Read it when you like."),
        _lazy("Read it"),
    ),
    Passage.ADULT: (
        _lazy("You are 18 now"),
        _lazy("From today this is yours alone: nobody else can open your pages or decide."),
        _lazy("Have a look"),
    ),
}
_TO_A_GUARDIAN = {
    Passage.FULLER: (
        _lazy("A birthday that changes something"),
        _lazy("From 12 on young people here have more that is private to them."),
        _lazy("See more"),
    ),
    Passage.OWN: (
        _lazy("A birthday that changes something"),
        _lazy("From today we ask the young person you look after to sign themselves."),
        _lazy("See more"),
    ),
    Passage.ADULT: (
        _lazy("A birthday that changes something"),
        _lazy("At 18 your access ends. Thank you for all you have done here."),
        _lazy("Go to my page"),
    ),
}


def _unanswered(row: Notification) -> bool:
    return any(
        assent.reply is None for assent in Assent.objects.filter(pk=row.subject_id).only("reply")
    )


def _question(row: Notification) -> Message:
    return Message(
        title=_("A question is waiting for you"),
        body=_("Someone in your care asked something before deciding. Please answer it."),
        action_path=reverse("assent_reply", args=[row.subject_id]),
        action_label=_("Read and answer"),
    )


def _reply(_row: Notification) -> Message:
    return Message(
        title=_("Your question has an answer"),
        body=_("Have a look when you like."),
        action_path=reverse("assent"),
        action_label=_("Read it"),
    )

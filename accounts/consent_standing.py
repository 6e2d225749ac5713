"""Does consent stand? The one gate that booking, joining and chat ask, for many at once."""

import time
import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from accounts.consent_rules import FULLER_FROM_AGE, Facts, Reason, Rule, Signer, Who, who_must_sign
from accounts.errors import NothingToSign
from accounts.models import (
    Assent,
    AssentAnswer,
    Child,
    ConsentDocument,
    ConsentKind,
    ConsentMatter,
    ConsentRule,
    ConsentSignature,
    CourtOrder,
    Custody,
    Decision,
    GuardianLink,
    MatterKind,
    ReadingLevel,
    Scope,
    SignedAs,
)
from core.prepared import EACH, MANY, NOW, Prepared, Values

# Law does not change within a minute, and every line of a chat asks.
RULES_KEPT_SECONDS = 60.0
_kept: list[tuple[float, tuple[Rule, ...]]] = []


def forget_rules() -> None:
    _kept.clear()


def current_rules() -> tuple[Rule, ...]:
    """The rows of law as `who_must_sign` takes them, read at most once a minute by a process."""
    now = time.monotonic()
    if not _kept or _kept[0][0] < now:
        rules = tuple(
            Rule(
                place=row.place,
                kind=row.kind,
                valid_from=row.valid_from,
                valid_until=row.valid_until,
                own_age=row.own_age,
                guardian_until=row.guardian_until,
                all_guardians=row.all_guardians,
                review_from=row.review_from,
                verified_on=row.verified_on,
            )
            for row in ConsentRule.objects.all()
        )
        _kept[:] = [(now + RULES_KEPT_SECONDS, rules)]
    return _kept[0][1]


def _without_order(children: Iterable[Child]) -> set[uuid.UUID]:
    """Of those for whom a court decides: no paper counts today, where the child is.

    An order that ran out asks for a new look by itself, on that day, whatever a task has done.
    """
    court = {child.pk: child for child in children if child.custody == Custody.COURT}
    if not court:
        return set()
    orders = CourtOrder.objects.filter(child__in=list(court)).defer("content")
    return set(court) - {row.child_id for row in orders if row.counts_on(court[row.child_id].today)}


def signers_for(child: Child, kind: ConsentKind) -> tuple[Signer, ...]:
    return _signers(child, kind, _without_order([child]))


def _signers(
    child: Child, kind: ConsentKind, without_order: Collection[uuid.UUID]
) -> tuple[Signer, ...]:
    facts = Facts(child.birth_date, child.custody, order=child.pk not in without_order)
    return who_must_sign(facts, child.place, kind, child.today, current_rules())


@dataclass(frozen=True)
class ConsentStatus:
    """What stands for one child and one kind of consent."""

    child: Child
    document: ConsentDocument | None  # without its pages of text; None: nothing is published
    needed: tuple[Signer, ...]
    signatures: tuple[ConsentSignature, ...]  # those that count, newest first
    deciders: frozenset[uuid.UUID]  # guardians who may decide; known where all of them must
    assent: Assent | None
    review: ConsentMatter | None = None  # the newest decision that covers what is asked
    disputed: bool = False
    # Of every version: a child that asked gets an answer also after the text was renewed.
    open_questions: tuple[Assent, ...] = ()

    def asks(self, *who: Who) -> bool:
        return any(signer.who in who for signer in self.needed)

    @property
    def guardian_needed(self) -> bool:
        asked = self.asks(Who.GUARDIAN, Who.GUARDIANS)
        return asked or (self.review is not None and self.review.decision == Decision.WITH_GUARDIAN)

    @property
    def together(self) -> bool:
        """One signature is not enough."""
        return self.asks(Who.GUARDIANS)

    @property
    def several(self) -> bool:
        """There is somebody else who decides, or there has to be."""
        both = self.child.custody == Custody.BOTH
        return self.together and (both or len(self.deciders) > 1)

    @property
    def guardian_signatures(self) -> tuple[ConsentSignature, ...]:
        return tuple(row for row in self.signatures if row.relation != SignedAs.SELF)

    @property
    def guardian_signed(self) -> bool:
        """The guardians' part is done, or not asked for."""
        if not self.guardian_needed:
            return True
        signed = {row.signer_id for row in self.guardian_signatures}
        if not self.together:
            return bool(signed)
        fewest = 2 if self.child.custody == Custody.BOTH else 1
        return len(self.deciders) >= fewest and self.deciders <= signed

    @property
    def child_signs(self) -> bool:
        return self.asks(Who.CHILD_SIGNS)

    @property
    def child_signed(self) -> bool:
        return any(row.relation == SignedAs.SELF for row in self.signatures)

    @property
    def assent_needed(self) -> bool:
        return self.asks(Who.CHILD_AGREES)

    @property
    def child_agreed(self) -> bool:
        """The child's own part is done, in whichever form, or not asked for."""
        if self.child_signs:
            return self.child_signed
        if not self.assent_needed:
            return True
        return self.assent is not None and self.assent.answer == AssentAnswer.YES

    @property
    def review_needed(self) -> bool:
        return self.asks(Who.CLINICIAN)

    @property
    def reviewed(self) -> bool:
        if not self.review_needed:
            return True
        return self.review is not None and self.review.decision != Decision.STOPS

    @property
    def signature(self) -> ConsentSignature | None:
        return self.signatures[0] if self.signatures else None

    def signed_by(self, person: uuid.UUID) -> ConsentSignature | None:
        return next((row for row in self.signatures if row.signer_id == person), None)

    @property
    def stands(self) -> bool:
        return (
            self.document is not None
            and self.guardian_signed
            and self.child_agreed
            and self.reviewed
            and not self.disputed
        )


@dataclass(frozen=True)
class _Texts:
    """The published versions of one kind, for signing, by the place they are for."""

    newest: dict[str, ConsentDocument]
    oldest_valid: dict[str, int]

    def line(self, child: Child) -> str:
        """A place with a text of its own accepts no other."""
        return child.place if child.place in self.newest else ""

    def counts(self, child: Child, row: Any) -> bool:
        """`row` answers or signs a text (annotated with its place and version) that is valid."""
        line = self.line(child)
        oldest = self.oldest_valid.get(line)
        return row.text_place == line and oldest is not None and row.version >= oldest


def _published(kind: ConsentKind) -> QuerySet[ConsentDocument]:
    rows = ConsentDocument.objects.filter(kind=kind, level=ReadingLevel.ADULT, language="en")
    return rows.defer("body", "comprehension").order_by("-version")


def _signed(kind: ConsentKind) -> QuerySet[Any]:
    """Newest first; a guardian's only while their link lets them consent."""
    links = GuardianLink.objects.current(NOW).filter(
        child=OuterRef("child"), guardian=OuterRef("signer"), scopes__contains=[Scope.CONSENT]
    )
    return (
        ConsentSignature.objects.filter(
            Q(relation=SignedAs.SELF, signer=F("child__user")) | Exists(links),
            child__in=EACH,
            document__kind=kind,
            withdrawn_at=None,
        )
        .annotate(version=F("document__version"), text_place=F("document__place"))
        .defer("text_shown", "answers")  # pages of text, for an inspector only
        .order_by("-signed_at")
    )


def _answered(kind: ConsentKind) -> QuerySet[Any]:
    """Oldest first: the last one is the child's answer."""
    return (
        Assent.objects.filter(child__in=EACH, document__kind=kind)
        .annotate(version=F("document__version"), text_place=F("document__place"))
        .order_by("answered_at")
    )


def _raised(kind: ConsentKind) -> QuerySet[ConsentMatter]:
    rows = ConsentMatter.objects.filter(child__in=EACH, kind=kind).defer("words", "reason")
    return rows.order_by("decided_at")


def _may_decide() -> QuerySet[Any, Any]:
    links = GuardianLink.objects.current(NOW).filter(
        child__in=EACH, scopes__contains=[Scope.CONSENT], guardian__is_active=True
    )
    return links.values_list("child_id", "guardian_id")


# Written once (core.prepared): every page, every socket and every line of chat asks them.
_PUBLISHED = {kind: Prepared(partial(_published, kind)) for kind in ConsentKind}
_SIGNED = {kind: Prepared(partial(_signed, kind)) for kind in ConsentKind}
_ANSWERED = {kind: Prepared(partial(_answered, kind)) for kind in ConsentKind}
_RAISED = {kind: Prepared(partial(_raised, kind)) for kind in ConsentKind}
_MAY_DECIDE = Prepared(_may_decide)


def _texts(kind: ConsentKind) -> _Texts:
    newest: dict[str, ConsentDocument] = {}
    oldest_valid: dict[str, int] = {}
    for row in _PUBLISHED[kind].rows({}):
        newest.setdefault(row.place, row)
        if row.substantive:  # a corrected letter asks nobody to sign again
            oldest_valid.setdefault(row.place, row.version)
    return _Texts(newest, oldest_valid)


def current_document(
    kind: ConsentKind = ConsentKind.TELEHEALTH,
    *,
    place: str = "",
    level: ReadingLevel = ReadingLevel.ADULT,
    language: str = "en",
) -> ConsentDocument:
    """The newest text for this place and reader, in English where it is not translated.

    NothingToSign if none is published.
    """
    texts = ConsentDocument.objects.filter(kind=kind, language__in={language, "en"})
    for where in dict.fromkeys((place, "")):
        found = list(texts.filter(place=where).order_by("-version").defer("body"))
        if found:
            newest = [row for row in found if row.version == found[0].version]
            return _for_reader(newest, level, language)
    raise NothingToSign


def _for_reader(
    rows: Iterable[ConsentDocument], level: ReadingLevel, language: str
) -> ConsentDocument:
    """The reader's own wording, or else the full one; a promise is never left unshown."""
    return max(rows, key=lambda row: (_closeness(level, row), row.language == language))


def _closeness(level: ReadingLevel, row: ConsentDocument) -> int:
    if row.level == level:
        return 2
    return int(row.level == ReadingLevel.ADULT)


def level_for(child: Child) -> ReadingLevel:
    return ReadingLevel.TEEN if child.age >= FULLER_FROM_AGE else ReadingLevel.CHILD


def consent_status(child: Child, kind: ConsentKind = ConsentKind.TELEHEALTH) -> ConsentStatus:
    """Read fresh each time: a withdrawal counts from the next request or message on."""
    return consent_statuses([child], kind)[child.pk]


def consent_statuses(
    children: Collection[Child], kind: ConsentKind = ConsentKind.TELEHEALTH
) -> dict[uuid.UUID, ConsentStatus]:
    """What stands for each of them: three queries however many they are.

    Two more if for one of them several guardians or a clinician are asked, one if a court decides.
    """
    texts = _texts(kind)
    no_order = _without_order(children)
    needed = {child.pk: _signers(child, kind, no_order) for child in children}
    values = {MANY: [child.pk for child in children], NOW: timezone.now()}
    signatures = _by_child(_SIGNED[kind].rows(values))
    answers = _by_child(_ANSWERED[kind].rows(values))
    asked = {signer.who for signers in needed.values() for signer in signers}
    special = {Who.GUARDIANS, Who.CLINICIAN} & asked
    matters = _by_child(_RAISED[kind].rows(values)) if special else {}
    deciders = _deciders(values) if Who.GUARDIANS in asked else {}
    found = {}
    for child in children:
        own = answers.get(child.pk, ())
        valid = [row for row in own if texts.counts(child, row)]
        about = matters.get(child.pk, ())
        found[child.pk] = ConsentStatus(
            child=child,
            document=texts.newest.get(texts.line(child)),
            needed=needed[child.pk],
            signatures=tuple(
                row for row in signatures.get(child.pk, ()) if texts.counts(child, row)
            ),
            deciders=frozenset(deciders.get(child.pk, ())),
            assent=valid[-1] if valid else None,
            review=_review(needed[child.pk], about),
            disputed=any(row.what == MatterKind.DISPUTE and not row.decision for row in about),
            open_questions=tuple(
                row for row in own if row.answer == AssentAnswer.QUESTION and row.reply is None
            ),
        )
    return found


def _by_child(rows: Iterable[Any]) -> dict[uuid.UUID, list[Any]]:
    found: dict[uuid.UUID, list[Any]] = defaultdict(list)
    for row in rows:
        found[row.child_id].append(row)
    return found


def _deciders(values: Values) -> dict[uuid.UUID, set[uuid.UUID]]:
    found: dict[uuid.UUID, set[uuid.UUID]] = defaultdict(set)
    for child_id, guardian_id in _MAY_DECIDE.rows(values):
        found[child_id].add(guardian_id)
    return found


def _review(needed: tuple[Signer, ...], matters: Collection[ConsentMatter]) -> ConsentMatter | None:
    """The newest decision that looked at everything which is asked now."""
    why = review_reasons(needed)
    decided = [
        row
        for row in matters
        if row.what == MatterKind.REVIEW and row.decision and why <= set(row.covers)
    ]
    return decided[-1] if why and decided else None


def review_reasons(needed: Iterable[Signer]) -> set[Reason]:
    return {signer.reason for signer in needed if signer.who == Who.CLINICIAN}

"""Every page that shows a child to somebody else leaves a line for the family."""

import pytest
from django.db import transaction

from core.audit.models import AuditEvent
from records.words import LOOKS
from tests.access.house import OWN, PAGES, address, arguments, may, open_house, thing_for
from tests.cast import Cast
from tests.sessions_app.steps import appointment_now, arrived

ABOUT_A_CHILD = {"child_id", "held", "booked", "now", "assent_id", "matter_id", "signature_id"}
# Lists name their children without an id in the address.
LISTS = {"appointments", "home_as", "caseload", "consent_matters"}


@pytest.mark.parametrize("who", ["maria", "dad", "amara"])
def test_every_door_that_opens_onto_a_child_is_in_who_looked(signed: Cast, who: str) -> None:
    user = getattr(signed, who)
    house = open_house(signed)
    client, things = house.clients[who], house.things | {"now": house.things["booked"]}
    tried, silent = set(), []
    for name, door in PAGES.items():
        about = {thing_for(name, argument) for argument in arguments(name)}
        shows = name in LISTS or about & ABOUT_A_CHILD
        if not shows or who not in may(door, OWN) or door.verbs[0] != "GET":
            continue
        tried.add(name)
        with transaction.atomic():
            client.get(address(name, things))
            looks = AuditEvent.objects.filter(actor_id=user.pk, action__endswith=".view")
            looks = looks.filter(child_id=signed.sam_child.pk)
            kinds = set(looks.values_list("action", flat=True))
            if not kinds or kinds - set(LOOKS):  # no line, or none in plain words
                silent.append(name)
            transaction.set_rollback(True)  # each door finds a trail without it
    assert {"child_detail", "appointment", "appointments"} <= tried
    assert silent == []


def test_a_socket_that_takes_a_seat_is_a_look_too(signed: Cast) -> None:
    arrived(signed.amara, appointment_now(signed))
    look = AuditEvent.objects.get(actor_id=signed.amara.pk, action="room.view")
    assert look.child_id == signed.sam_child.pk

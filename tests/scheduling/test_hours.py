"""A therapist's hours and a child's week, through the forms; what is booked never moves."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from scheduling import actions, errors
from scheduling.models import (
    BookingRules,
    ChildHours,
    ChildRhythm,
    DateOverride,
    State,
    TimeOff,
    TravelZone,
    WeeklyHours,
)
from tests.cast import Cast, client_for
from tests.scheduling.steps import booked, offers


@pytest.fixture
def amara(signed: Cast) -> Client:
    WeeklyHours.objects.filter(therapist=signed.amara_t).delete()
    return client_for(signed.amara)


def weekly(client: Client, **changes: Any) -> Any:
    data = {"weekly-weekdays": ["0", "4"], "weekly-start": "09:00", "weekly-end": "12:00"}
    return client.post(reverse("hours_add"), data | changes)


def windows(cast: Cast) -> list[tuple[int, int, int]]:
    rows = WeeklyHours.objects.filter(therapist=cast.amara_t)
    return list(rows.values_list("weekday", "start_minute", "end_minute"))


def test_several_days_and_several_windows_a_day(signed: Cast, amara: Client) -> None:
    assert weekly(amara).status_code == 302
    assert weekly(amara, **{"weekly-start": "14:00", "weekly-end": "18:00"}).status_code == 302
    assert windows(signed) == [
        (0, 540, 720),
        (0, 840, 1080),
        (4, 540, 720),
        (4, 840, 1080),
    ]


def test_hours_past_midnight_are_said_and_shown(signed: Cast, amara: Client) -> None:
    night = {"weekly-weekdays": ["6"], "weekly-start": "22:00", "weekly-end": "01:30"}
    refused = weekly(amara, **night)
    assert refused.status_code == 422
    assert "Tick “It ends on the next day”" in refused.content.decode()
    assert windows(signed) == []
    assert weekly(amara, **night, **{"weekly-next_day": "on"}).status_code == 302
    assert windows(signed) == [(6, 1320, 1530)]
    assert "ends next day" in amara.get(reverse("hours")).content.decode()


def test_midnight_as_an_end_ends_the_day(signed: Cast, amara: Client) -> None:
    weekly(amara, **{"weekly-weekdays": ["0"], "weekly-start": "22:00", "weekly-end": "00:00"})
    assert windows(signed) == [(0, 1320, 1440)]


def test_overlapping_hours_are_refused_also_from_sunday_night(signed: Cast, amara: Client) -> None:
    weekly(amara, **{"weekly-weekdays": ["0"], "weekly-start": "00:30", "weekly-end": "03:00"})
    response = weekly(
        amara,
        **{
            "weekly-weekdays": ["6"],
            "weekly-start": "23:00",
            "weekly-end": "01:00",
            "weekly-next_day": "on",
        },
    )
    assert response.status_code == 422
    assert "overlap" in response.content.decode()
    assert len(windows(signed)) == 1


@pytest.mark.parametrize(
    "bad",
    [
        {"weekly-weekdays": []},
        {"weekly-weekdays": ["7"]},
        {"weekly-start": "25:00"},
        {"weekly-start": "", "weekly-end": ""},
        {"weekly-end": "09:00"},
    ],
)
def test_nonsense_gets_a_sentence_and_keeps_what_was_typed(
    signed: Cast, amara: Client, bad: dict[str, Any]
) -> None:
    response = weekly(amara, **bad)
    assert response.status_code == 422
    assert "data-error-summary" in response.content.decode()
    assert windows(signed) == []


def test_a_date_is_replaced_or_closed(signed: Cast, amara: Client) -> None:
    day = timezone.now().date() + timedelta(days=9)
    url = reverse("hours_override")
    amara.post(
        url,
        {"override-day": str(day), "override-start": "10:00", "override-end": "11:00"},
    )
    shown = [o for o in offers(signed) if o.starts_at.date() == day]
    assert len(shown) == 1
    amara.post(url, {"override-day": str(day)})
    assert not [o for o in offers(signed) if o.starts_at.date() == day]
    row = DateOverride.objects.get()
    amara.post(reverse("hours_remove", args=["dates", row.pk]))
    assert not DateOverride.objects.exists()


def test_time_off_warns_about_what_is_booked_and_moves_nothing(signed: Cast) -> None:
    session = booked(signed)
    day = str(session.starts_at.date())
    client = client_for(signed.amara)
    client.post(reverse("hours_time_off"), {"off-starts_on": day, "off-ends_on": day})
    page = client.get(reverse("hours")).content.decode()
    assert "Booked in your time off" in page
    assert reverse("appointment", args=[session.pk]) in page
    session.refresh_from_db()
    assert session.state == State.BOOKED


def test_time_off_that_ends_before_it_starts(signed: Cast, amara: Client) -> None:
    response = amara.post(
        reverse("hours_time_off"), {"off-starts_on": "2027-02-02", "off-ends_on": "2027-02-01"}
    )
    assert response.status_code == 422
    assert not TimeOff.objects.exists()


def test_travelling_reads_the_hours_on_another_clock(signed: Cast, amara: Client) -> None:
    weekly(amara, **{"weekly-weekdays": [str(n) for n in range(7)]})
    first = timezone.now().date() + timedelta(days=7)
    dates = {"travel-starts_on": str(first), "travel-ends_on": str(first)}
    saved = amara.post(reverse("hours_travel"), dates | {"travel-time_zone": "America/New_York"})
    assert saved.status_code == 302
    starts = {o.starts_at.date(): o.starts_at for o in reversed(offers(signed))}
    assert starts[first].hour in (13, 14)
    assert starts[first - timedelta(days=1)].hour in (8, 9)
    again = amara.post(reverse("hours_travel"), dates | {"travel-time_zone": "Asia/Tokyo"})
    assert again.status_code == 422
    unknown = amara.post(
        reverse("hours_travel"),
        {
            "travel-starts_on": "2027-09-01",
            "travel-ends_on": "2027-09-02",
            "travel-time_zone": "Mars/Base",
        },
    )
    assert unknown.status_code == 422
    assert TravelZone.objects.count() == 1


def test_rules_are_saved_and_lengths_follow(signed: Cast) -> None:
    client = client_for(signed.amara)
    data = {
        "session_minutes": ["25"],
        "buffer_before": "5",
        "buffer_after": "15",
        "notice_hours": "48",
        "horizon_days": "14",
        "daily_max": "2",
    }
    assert client.post(reverse("hours_rules"), data).status_code == 302
    rules = BookingRules.objects.get(therapist=signed.amara_t)
    assert (rules.session_minutes, rules.min_notice_minutes) == ([25], 48 * 60)
    assert offers(signed, minutes=50) == []
    shown = offers(signed, minutes=25)
    assert shown[0].starts_at >= timezone.now() + timedelta(hours=48)
    assert shown[-1].starts_at <= timezone.now() + timedelta(days=14)
    assert client.post(reverse("hours_rules"), data | {"daily_max": "0"}).status_code == 422


def test_a_foreign_row_is_never_removed(signed: Cast, amara: Client) -> None:
    theirs = WeeklyHours.objects.filter(therapist=signed.ben_t).first()
    assert theirs is not None
    amara.post(reverse("hours_remove", args=["weekly", theirs.pk]))
    assert WeeklyHours.objects.filter(pk=theirs.pk).exists()
    assert amara.post(reverse("hours_remove", args=["rules", theirs.pk])).status_code == 404
    assert (
        client_for(signed.maria)
        .post(reverse("hours_remove", args=["weekly", theirs.pk]))
        .status_code
        == 404
    )


def test_a_guardian_keeps_school_and_rest_free(signed: Cast) -> None:
    client = client_for(signed.maria)
    added = client.post(
        reverse("rhythm_add", args=[signed.sam_child.pk]),
        {"kind": "rest", "weekdays": ["0", "1"], "start": "16:00", "end": "17:30"},
    )
    assert added.status_code == 302
    assert ChildHours.objects.filter(child=signed.sam_child).count() == 2
    rest = reverse("rhythm_rest", args=[signed.sam_child.pk])
    assert client.post(rest, {"rest_after_minutes": "-1"}).status_code == 422
    assert client.post(rest, {"rest_after_minutes": "60"}).status_code == 302
    assert ChildRhythm.objects.get(child=signed.sam_child).rest_after_minutes == 60
    row = ChildHours.objects.filter(child=signed.sam_child).first()
    assert row is not None
    foreign = reverse("rhythm_remove", args=[signed.timo_child.pk, row.pk])
    assert client.post(foreign).status_code == 404
    client_for(signed.olga).post(foreign)
    assert ChildHours.objects.count() == 2
    client.post(reverse("rhythm_remove", args=[signed.sam_child.pk, row.pk]))
    assert ChildHours.objects.count() == 1


def test_actions_refuse_what_forms_would_never_send(signed: Cast) -> None:
    with pytest.raises(errors.HoursMakeNoSense):
        actions.add_weekly_hours(
            actor=signed.amara,
            therapist=signed.amara_t,
            weekdays=[0],
            start_minute=600,
            end_minute=600,
        )
    with pytest.raises(errors.HoursOverlap):
        actions.set_override(
            actor=signed.amara,
            therapist=signed.amara_t,
            day=date(2027, 3, 1),
            windows=[(600, 700), (650, 720)],
        )

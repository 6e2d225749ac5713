"""No table about a child is forgotten by export and erasure."""

from django.apps import apps
from django.db import models

from accounts.models import Child, User
from core import registry


def test_every_table_that_leads_to_a_person_is_held_or_set_aside_with_a_reason() -> None:
    assert registry.unaccounted(apps.get_models(), {Child, User}) == []


def test_a_table_nobody_thought_of_is_found_also_at_the_end_of_a_path() -> None:
    class Diary(models.Model):  # noqa: DJ008
        child = models.ForeignKey(Child, on_delete=models.CASCADE)

        class Meta:
            app_label = "forgotten"

    class Page(models.Model):  # noqa: DJ008
        diary = models.ForeignKey(Diary, on_delete=models.CASCADE)

        class Meta:
            app_label = "forgotten"

    try:
        found = registry.unaccounted([*apps.get_models(), Diary, Page], {Child, User})
        assert found == ["forgotten.Diary", "forgotten.Page"]
    finally:
        del apps.all_models["forgotten"]
        apps.clear_cache()


def test_every_table_named_is_there_and_its_path_leads_to_the_child(db: None) -> None:
    nobody = Child().pk
    for holding in registry.holdings():
        assert holding.count(nobody) == 0, holding.name
        assert not holding.blocks(nobody)
        assert holding.last_contact(nobody) is None
        assert holding.needs_key(nobody) is False

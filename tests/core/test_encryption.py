"""What is sealed opens only in its own cell, with its own key, and never shows as text."""

import base64
import threading
import uuid
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from django.core.exceptions import FieldError, ImproperlyConfigured
from django.core.management import call_command
from django.db import connection, models, transaction
from django.test.utils import isolate_apps

from core.checks import field_keys_are_usable
from core.encryption import (
    CannotOpen,
    EncryptedJSONField,
    EncryptedTextField,
    Sealed,
    forget_keys,
    new_data_key,
    open_sealed,
    seal,
    shred,
)
from core.encryption import keys as keys_module
from core.models import DataKey

with isolate_apps("tests"):

    class Letter(models.Model):
        id = models.UUIDField(primary_key=True, default=uuid.uuid4)
        key_id = models.UUIDField()
        text = EncryptedTextField()
        extra = EncryptedJSONField(null=True)

        class Meta:
            app_label = "tests"

        def __str__(self) -> str:
            return str(self.pk)

        def encryption_key_id(self) -> uuid.UUID:
            return self.key_id

    class Careless(models.Model):
        text = EncryptedTextField()

        class Meta:
            app_label = "tests"

        def __str__(self) -> str:
            return ""


def test_a_model_without_a_key_or_a_known_id_is_named_at_start() -> None:
    assert Letter.check() == []
    assert {error.id for error in Careless.check(databases=["default"])} >= {
        "core.E002",
        "core.E003",
    }


@pytest.fixture
def letters(db: None) -> Iterator[None]:
    with connection.schema_editor() as editor:
        editor.create_model(Letter)
    yield
    if not connection.needs_rollback:
        with connection.schema_editor() as editor:
            editor.delete_model(Letter)


@pytest.fixture
def letter(letters: None) -> Letter:
    return Letter.objects.create(key_id=new_data_key().pk, text="I am Sam", extra={"pain": [3, 5]})


def column(name: str, letter: Letter) -> bytes:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {name} FROM tests_letter WHERE id = %s", [letter.pk])  # noqa: S608
        return bytes(cursor.fetchone()[0])


def overwrite(letter: Letter, sealed: bytes) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE tests_letter SET text = %s WHERE id = %s", [sealed, letter.pk])


def test_what_was_written_reads_back_and_lies_in_the_table_as_ciphertext(letter: Letter) -> None:
    found = Letter.objects.get(pk=letter.pk)
    assert found.text == "I am Sam"
    assert found.extra == {"pain": [3, 5]}
    assert b"Sam" not in column("text", letter)
    assert b"pain" not in column("extra", letter)
    assert column("text", letter)[:17] == b"\x01" + letter.key_id.bytes


def test_the_same_words_twice_look_different(letter: Letter) -> None:
    other = Letter.objects.create(key_id=letter.key_id, text=letter.text)
    assert column("text", letter)[29:] != column("text", other)[29:]


def test_reading_a_list_opens_nothing_until_the_attribute_is_read(
    letter: Letter, monkeypatch: pytest.MonkeyPatch
) -> None:
    shred(DataKey.objects.get(pk=letter.key_id))
    (found,) = Letter.objects.all()
    with pytest.raises(CannotOpen):
        _ = found.text


def test_values_give_sealed_bytes_and_their_text_form_gives_nothing_away(letter: Letter) -> None:
    row = Letter.objects.values("text").get()
    assert isinstance(row["text"], Sealed)
    assert "Sam" not in str(row["text"])
    assert str(row["text"]) == repr(row["text"]) == f"<sealed, {len(row['text'])} bytes>"


def test_every_way_of_saving_an_object_seals(letter: Letter) -> None:
    letter.text = "second"
    letter.save(update_fields=["text"])
    letter.refresh_from_db()
    assert letter.text == "second"
    assert letter.extra == {"pain": [3, 5]}
    letter.refresh_from_db(fields=["text"])
    assert letter.text == "second"
    assert Letter.objects.defer("text").get().text == "second"
    assert Letter.objects.only("id").get().extra == {"pain": [3, 5]}
    many = Letter.objects.bulk_create(
        [Letter(key_id=letter.key_id, text=f"n{n}") for n in range(3)]
    )
    assert [Letter.objects.get(pk=m.pk).text for m in many] == ["n0", "n1", "n2"]


def test_saving_an_untouched_object_keeps_the_ciphertext(letter: Letter) -> None:
    before = column("text", letter)
    Letter.objects.get(pk=letter.pk).save()
    assert column("text", letter) == before


def test_a_json_value_changed_in_place_is_saved(letter: Letter) -> None:
    found = Letter.objects.get(pk=letter.pk)
    found.extra["pain"].append(8)
    found.save()
    assert Letter.objects.get(pk=letter.pk).extra == {"pain": [3, 5, 8]}


def test_none_empty_and_unusual_texts_survive(letter: Letter) -> None:
    for text in ("", "\x00", "Zoë 🏮\n\u202e", "x" * 100_000):
        letter.text = text
        letter.extra = None
        letter.save()
        found = Letter.objects.get(pk=letter.pk)
        assert found.text == text
        assert found.extra is None
    assert Letter.objects.filter(extra__isnull=True).count() == 1


def test_writes_that_do_not_know_their_row_are_refused_without_quoting_the_value(
    letter: Letter,
) -> None:
    with pytest.raises(TypeError, match="encrypted") as caught:
        Letter.objects.update(text="secret words")
    assert "secret words" not in str(caught.value)
    letter.text = "secret words"
    with pytest.raises(TypeError, match="encrypted"), transaction.atomic():
        Letter.objects.bulk_update([letter], ["text"])
    with pytest.raises(FieldError):
        Letter.objects.filter(text="I am Sam")


def test_a_dump_of_the_table_is_ciphertext(letter: Letter) -> None:
    dumped = Letter._meta.get_field("text").value_to_string(letter)
    assert dumped.startswith("sealed:")
    assert b"Sam" not in base64.b64decode(dumped.removeprefix("sealed:"))


def test_a_value_moved_to_another_row_or_column_does_not_open(letter: Letter) -> None:
    other = Letter.objects.create(key_id=letter.key_id, text="other")
    overwrite(letter, column("text", other))
    with pytest.raises(CannotOpen):
        _ = Letter.objects.get(pk=letter.pk).text
    overwrite(letter, column("extra", letter))
    with pytest.raises(CannotOpen):
        _ = Letter.objects.get(pk=letter.pk).text


def test_a_copy_under_a_new_id_is_refused_before_it_is_written(letter: Letter) -> None:
    copy = Letter.objects.get(pk=letter.pk)
    copy.pk = uuid.uuid4()
    copy._state.adding = True
    with pytest.raises(CannotOpen), transaction.atomic():
        copy.save()
    assert Letter.objects.count() == 1


@pytest.mark.parametrize("position", [0, 1, 17, 29, -1])
def test_one_flipped_bit_anywhere_does_not_open(letter: Letter, position: int) -> None:
    damaged = bytearray(column("text", letter))
    damaged[position] ^= 1
    overwrite(letter, bytes(damaged))
    with pytest.raises(CannotOpen):
        _ = Letter.objects.get(pk=letter.pk).text


@pytest.mark.parametrize("sealed", [b"", b"\x01", b"I am plain text in the column"])
def test_something_that_was_never_sealed_is_not_shown(letter: Letter, sealed: bytes) -> None:
    overwrite(letter, sealed)
    with pytest.raises(CannotOpen):
        _ = Letter.objects.get(pk=letter.pk).text


def test_another_childs_key_does_not_open_it(letter: Letter) -> None:
    key, other = letter.key_id, new_data_key().pk
    where = {"table": "tests_letter", "column": "text", "pk": letter.pk}
    sealed = seal(b"words", key_id=key, **where)
    assert open_sealed(sealed, **where) == b"words"
    swapped = sealed[:1] + other.bytes + sealed[17:]
    with pytest.raises(CannotOpen):
        open_sealed(swapped, **where)


def test_presealed_bytes_of_a_raw_writer_are_accepted_for_their_own_row(letters: None) -> None:
    pk, key = uuid.uuid4(), new_data_key().pk
    sealed = seal(b"fast", key_id=key, table="tests_letter", column="text", pk=pk)
    Letter.objects.create(pk=pk, key_id=key, text=sealed)
    assert Letter.objects.get(pk=pk).text == "fast"


def test_shredding_the_key_erases_at_once_here(letter: Letter) -> None:
    shred(DataKey.objects.get(pk=letter.key_id))
    with pytest.raises(CannotOpen, match="erased"):
        _ = Letter.objects.get(pk=letter.pk).text
    assert bytes(DataKey.objects.get(pk=letter.key_id).wrapped) == b""


def test_another_process_forgets_a_shredded_key_within_a_minute(
    letter: Letter, monkeypatch: pytest.MonkeyPatch
) -> None:
    _ = Letter.objects.get(pk=letter.pk).text
    DataKey.objects.filter(pk=letter.key_id).delete()
    assert Letter.objects.get(pk=letter.pk).text == "I am Sam"
    later = keys_module.time.monotonic() + keys_module.CACHE_SECONDS + 1
    monkeypatch.setattr(keys_module.time, "monotonic", lambda: later)
    with pytest.raises(CannotOpen):
        _ = Letter.objects.get(pk=letter.pk).text


def test_changing_the_key_encryption_key_in_three_steps(letter: Letter, settings: Any) -> None:
    old = settings.FIELD_KEYS
    new = "2027:" + base64.b64encode(bytes(range(32))).decode()
    settings.FIELD_KEYS = f"{new},{old}"
    assert Letter.objects.get(pk=letter.pk).text == "I am Sam"
    call_command("rewrap_keys", stdout=StringIO())
    settings.FIELD_KEYS = new
    forget_keys()
    assert Letter.objects.get(pk=letter.pk).text == "I am Sam"
    settings.FIELD_KEYS = old
    forget_keys()
    with pytest.raises(ImproperlyConfigured, match="'2027' is missing from FIELD_KEYS"):
        _ = Letter.objects.get(pk=letter.pk).text


@pytest.mark.parametrize(
    "text", ["", "nokey", "a:short", "a:!!!", "a:" + "A" * 43 + "=,a:" + "A" * 43 + "="]
)
def test_unusable_keys_are_one_sentence_at_start(settings: Any, text: str) -> None:
    settings.FIELD_KEYS = text
    (error,) = field_keys_are_usable()
    assert "FIELD_KEYS" in error.msg
    assert "short" not in error.msg


def test_a_wrapped_key_moved_to_another_child_does_not_unwrap(letter: Letter) -> None:
    other = new_data_key()
    DataKey.objects.filter(pk=letter.key_id).update(wrapped=bytes(other.wrapped))
    forget_keys()
    with pytest.raises(CannotOpen):
        _ = Letter.objects.get(pk=letter.pk).text


def test_many_threads_share_the_cache(db: None) -> None:
    key = new_data_key().pk
    where = {"table": "t", "column": "c", "pk": 1}
    sealed = seal(b"x", key_id=key, **where)
    wrong: list[object] = []

    def open_often() -> None:
        for _ in range(300):
            wrong.extend(x for x in [open_sealed(sealed, **where)] if x != b"x")

    threads = [threading.Thread(target=open_often) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong

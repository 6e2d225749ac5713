"""Model fields whose column holds only ciphertext (see core.encryption.keys).

A model with such a field has a UUID primary key and a method
`encryption_key_id(self) -> uuid.UUID`. The value is opened when the attribute is first read, so a
list that never shows it never decrypts it. `values()` and annotations give `Sealed` bytes.
`QuerySet.update()`, `bulk_update()` and fixtures refuse plain values: they do not know the row.
There is no look-up but `isnull`: ciphertext cannot be searched.
"""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol, Self, cast, overload

from django import forms
from django.core import checks
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.expressions import Expression
from django.db.models.query_utils import DeferredAttribute

from core.encryption.keys import CannotOpen, Sealed, open_sealed, seal

if TYPE_CHECKING:
    AnyField = models.Field[Any, Any]
else:
    AnyField = models.Field


class HasKey(Protocol):
    """What the owner of an encrypted field must offer."""

    pk: Any

    def encryption_key_id(self) -> uuid.UUID: ...


class SealedAttribute(DeferredAttribute):
    """Opens on first access. Holds either `Sealed` (as read) or the plain value in `__dict__`."""

    field: EncryptedField

    @overload
    def __get__(self, instance: None, cls: Any = None) -> Self: ...
    @overload
    def __get__(self, instance: models.Model, cls: Any = None) -> Any: ...

    def __get__(self, instance: models.Model | None, cls: Any = None) -> Any:
        if instance is None:
            return self
        name = self.field.attname
        if name not in instance.__dict__:
            # deferred: Django's descriptor loads the column through refresh_from_db
            loaded = super().__get__(instance, cls)
            if name not in instance.__dict__:
                return loaded
        value = instance.__dict__[name]
        if isinstance(value, Sealed):
            value = instance.__dict__[name] = self.field.open_for(instance, value)
        return value

    def __set__(self, instance: models.Model, value: Any) -> None:
        instance.__dict__[self.field.attname] = value


class EncryptedField(AnyField):
    """Base: what is sealed is `encode(value)`; subclasses say how."""

    descriptor_class = SealedAttribute
    empty_strings_allowed = False

    def get_internal_type(self) -> str:
        return "BinaryField"

    def db_type(self, connection: BaseDatabaseWrapper) -> str:  # noqa: ARG002
        return "bytea"

    def get_lookup(self, lookup_name: str) -> Any:
        return super().get_lookup(lookup_name) if lookup_name == "isnull" else None

    def encode(self, value: Any) -> bytes:
        raise NotImplementedError

    def decode(self, data: bytes) -> Any:
        raise NotImplementedError

    def from_db_value(
        self,
        value: bytes | memoryview | None,
        expression: Expression,  # noqa: ARG002
        connection: BaseDatabaseWrapper,  # noqa: ARG002
    ) -> Sealed | None:
        return None if value is None else Sealed(value)

    def open_for(self, instance: models.Model, value: Sealed) -> Any:
        """Open this instance's cell; CannotOpen if it does not belong here."""
        assert self.column  # noqa: S101 (a field of a model always has one)
        data = open_sealed(
            value, table=self.model._meta.db_table, column=self.column, pk=instance.pk
        )
        try:
            return self.decode(data)
        except ValueError as exc:
            raise CannotOpen from exc

    def pre_save(self, model_instance: models.Model, add: bool) -> Sealed | None:  # noqa: FBT001
        """Seal for this row. An untouched value is written back as it was read."""
        value = model_instance.__dict__.get(self.attname)
        if value is None:
            return None
        if isinstance(value, Sealed):
            if add:  # a copied object with a new pk would be unreadable for ever: fail now
                self.open_for(model_instance, value)
            return value
        assert self.column  # noqa: S101
        return seal(
            self.encode(value),
            key_id=cast("HasKey", model_instance).encryption_key_id(),
            table=self.model._meta.db_table,
            column=self.column,
            pk=model_instance.pk,
        )

    def get_prep_value(self, value: Any) -> Any:
        if value is None or isinstance(value, Sealed):
            return value
        # The message must not repeat the value: it would land in a log.
        raise TypeError(
            f"{self.model.__name__}.{self.name} is encrypted: save it through its object."
        )

    def get_db_prep_value(
        self,
        value: Any,
        connection: BaseDatabaseWrapper,
        prepared: bool = False,  # noqa: FBT001, FBT002
    ) -> Any:
        value = super().get_db_prep_value(value, connection, prepared)
        return None if value is None else connection.Database.Binary(bytes(value))  # type: ignore[attr-defined]

    def value_to_string(self, obj: models.Model) -> str:
        """Ciphertext for `dumpdata`: a dump of the database must not become a leak."""
        sealed = self.pre_save(obj, False)  # noqa: FBT003
        return "" if sealed is None else "sealed:" + base64.b64encode(sealed).decode()

    def check(self, **kwargs: Any) -> list[checks.CheckMessage]:
        problems = super().check(**kwargs)
        if self.model._meta.abstract:
            return problems
        if not hasattr(self.model, "encryption_key_id"):
            text = "A model with encrypted fields needs a method encryption_key_id."
            problems.append(checks.Error(text, obj=self, id="core.E002"))
        if not isinstance(self.model._meta.pk, models.UUIDField):
            text = "A model with encrypted fields needs a UUID primary key, known before saving."
            problems.append(checks.Error(text, obj=self, id="core.E003"))
        return problems


class EncryptedTextField(EncryptedField):
    """Encrypted text of any length; `max_length` is checked by forms and `full_clean`."""

    if TYPE_CHECKING:
        _pyi_private_set_type: str
        _pyi_private_get_type: str

    empty_strings_allowed = True

    def encode(self, value: Any) -> bytes:
        if not isinstance(value, str):
            raise TypeError(f"{self.name} must be text, not {type(value).__name__}.")
        return value.encode()

    def decode(self, data: bytes) -> str:
        return data.decode()

    def to_python(self, value: Any) -> Any:
        return value if value is None or isinstance(value, str) else str(value)

    def formfield(self, **kwargs: Any) -> Any:
        return super().formfield(
            **{"max_length": self.max_length, "widget": forms.Textarea, **kwargs}
        )


class EncryptedBytesField(EncryptedField):
    """An encrypted file: an uploaded order, a copy that waits to be fetched."""

    if TYPE_CHECKING:
        _pyi_private_set_type: bytes
        _pyi_private_get_type: bytes

    def encode(self, value: Any) -> bytes:
        if not isinstance(value, bytes):
            raise TypeError(f"{self.name} must be bytes, not {type(value).__name__}.")
        return value

    def decode(self, data: bytes) -> bytes:
        return data

    def formfield(self, **_kwargs: Any) -> Any:
        """No form shows it: files come in by their own checked way."""
        return None


class EncryptedJSONField(EncryptedField):
    """Encrypted JSON. The opened value may be changed in place; saving seals what it is then."""

    if TYPE_CHECKING:
        _pyi_private_set_type: Any
        _pyi_private_get_type: Any

    def encode(self, value: Any) -> bytes:
        return json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False).encode()

    def decode(self, data: bytes) -> Any:
        return json.loads(data)

    def formfield(self, **kwargs: Any) -> Any:
        return super().formfield(**{"form_class": forms.JSONField, **kwargs})


__all__: Sequence[str] = [
    "EncryptedBytesField",
    "EncryptedJSONField",
    "EncryptedTextField",
    "HasKey",
]

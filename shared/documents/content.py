"""The content of a document as JSON: the same for every engine, and only what all of them can keep.

What is refused (as `BadInput`, naming the place): NUL characters and half surrogate pairs in text, numbers that are not
finite or need more than 64 bits, keys that are empty, start with `$` or hold a `.`, more than 64 levels, and more than
8 MiB in all.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Annotated, Any, Literal, TypeAlias, TypeVar, get_origin
from uuid import UUID

import orjson
from pydantic import TypeAdapter

from shared.documents.document import Document
from shared.errors import BadInput

D = TypeVar("D", bound=Document)
Mode: TypeAlias = Literal["python", "json"]

LARGEST = 8 * 1024 * 1024
"""Bytes of JSON in one document; MongoDB takes 16 MiB of BSON."""

_DEEPEST = 64
_INTEGERS = range(-(2**63), 2**63)
_OWN = frozenset(Document.model_fields)


def content_of(document: Document) -> dict[str, Any]:
    """The fields of the collection's class, as JSON values."""
    content: dict[str, Any] = _checked(lambda mode: document.model_dump(mode=mode, exclude=set(_OWN)), "")
    if len(orjson.dumps(content)) > LARGEST:
        raise BadInput(f"A document holds at most {LARGEST // 1024 // 1024} MiB.")
    return content


def document_of(
    kind: type[D], organization_id: UUID, id: UUID, version: int, created_at: Any, content: dict[str, Any]
) -> D:
    """The document for what is stored."""
    own = {"id": id, "organization_id": organization_id, "version": version, "created_at": created_at}
    return kind.model_validate(content | own)


def same_content(one: Document, other: Document) -> bool:
    """Whether two documents say the same, whatever their versions and times."""
    return content_of(one) == content_of(other)


def conditions_of(kind: type[Document], where: Mapping[str, Any]) -> dict[str, Any]:
    """The JSON value asked for per field; `ValueError` for an unknown field, and for a list or an object."""
    conditions = {name: _json(_field(kind, name), value, name) for name, value in where.items()}
    for name, value in conditions.items():
        if isinstance(value, list | dict):
            raise ValueError(f"{kind.__name__}.{name} cannot be searched for: it is not a single value.")
    return conditions


def element_of(kind: type[Document], field: str, value: Any) -> Any:
    """The JSON of a value for a list field; `ValueError` when the class has no such list or it takes no such value."""
    adapter = _field(kind, field)
    if get_origin(kind.model_fields[field].annotation) is not list:
        raise ValueError(f"{kind.__name__}.{field} is not a list.")
    [element] = _json(adapter, [value], field)
    return element


def check_owned(organization_id: UUID, documents: Iterable[Document]) -> None:
    """Refuses documents of another tenant, and one id twice, with `ValueError`."""
    seen = set()
    for document in documents:
        if document.organization_id != organization_id:
            raise ValueError("The document belongs to another organization than the one it is stored for.")
        if document.id in seen:
            raise ValueError(f"The document {document.id} is given twice.")
        seen.add(document.id)


@lru_cache(maxsize=1_000)
def _field(kind: type[Document], name: str) -> TypeAdapter[Any]:
    field = kind.model_fields.get(name)
    if field is None or name in _OWN:
        raise ValueError(f"{kind.__name__} has no field {name!r} of its own.")
    annotation: Any = Annotated[field.annotation, *field.metadata] if field.metadata else field.annotation
    return TypeAdapter(annotation)


def _json(adapter: TypeAdapter[Any], value: Any, place: str) -> Any:
    valid = adapter.validate_python(value)
    return _checked(lambda mode: adapter.dump_python(valid, mode=mode), place)


def _checked(dump: Callable[[Mode], Any], place: str) -> Any:
    """What is dumped as JSON; looked at as Python too, since JSON is given null for NaN and other text for bad text."""
    _check(dump("python"), place, 0)
    _check(content := dump("json"), place, 0)
    return content


def _check(value: Any, place: str, depth: int) -> None:
    if depth > _DEEPEST:
        raise BadInput(f"`{place}` is nested too deeply.")
    if isinstance(value, dict):
        for key, element in value.items():
            _check_key(str(key), place)
            _check(element, f"{place}.{key}" if place else key, depth + 1)
    elif isinstance(value, list | tuple | set | frozenset):
        for index, element in enumerate(value):
            _check(element, f"{place}.{index}", depth + 1)
    elif isinstance(value, str):
        _check_text(value, place)
    elif isinstance(value, float) and not math.isfinite(value):
        raise BadInput(f"`{place}` is not a finite number.")
    elif isinstance(value, int) and value not in _INTEGERS:
        raise BadInput(f"`{place}` is too large a number.")


def _check_key(key: str, place: str) -> None:
    _check_text(key, place)
    if not key or key.startswith("$") or "." in key:
        raise BadInput(f"`{place}` has a key that is empty, starts with `$` or holds a `.`.")


def _check_text(text: str, place: str) -> None:
    if "\0" in text:
        raise BadInput(f"`{place}` holds a NUL character.")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise BadInput(f"`{place}` holds text that is not valid Unicode.") from None

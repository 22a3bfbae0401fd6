"""The documents of content."""

from typing import ClassVar
from uuid import UUID

from shared.documents import Document


class ItemText(Document):
    """The text of a version of an item. It is never changed: a change makes another one."""

    indexed: ClassVar = "item_id"

    item_id: UUID
    text: str

"""Loads the texts of the demo courses, and how far people have read them, once."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.auth import Viewer
from shared.demo import demo_id
from shared.documents import Documents, open_store
from shared.events import emit
from shared.postgres import Database
from subgraphs.content.consumers import keep_course
from subgraphs.content.demo_data import HISTORY, ITEMS, DemoItem, DemoReader
from subgraphs.content.documents import ItemText
from subgraphs.content.events import CourseCreated, ItemCreated
from subgraphs.content.models import Completion, Item
from subgraphs.content.runtime import texts_in
from subgraphs.content.services import note_completion, publish
from subgraphs.content.settings import Settings

_DRAFTS = frozenset({"life-in-running-water"})
"""Courses that are drafts, and whose items so are too."""


async def seed(progress: Callable[[int, int], None]) -> int:
    """Adds what is missing; returns how many items and completions it made. Running it again makes nothing."""
    settings = Settings.load()
    database = Database("content", settings)
    store = open_store("content", settings.mongodb_url, database)
    made, done, total = 0, 0, sum(map(len, ITEMS.values()))
    try:
        for slug, items in ITEMS.items():
            for position, item in enumerate(items):
                made += await _item(database, texts_in(store), slug, position, item)
                done += 1
                progress(done, total)
            made += await _history(database, slug)
    finally:
        await store.close()
        await database.close()
    return made


async def _item(database: Database, texts: Documents[ItemText], slug: str, position: int, demo: DemoItem) -> int:
    organization_id = demo_id("organization", slug)
    item_id = demo_id("content_item", slug, demo.course, demo.title, position=position)
    viewer = Viewer(organization_id=organization_id)
    async with database.begin(viewer) as session:
        if await session.scalar(select(Item.id).where(Item.id == item_id)):
            return 0
    text = ItemText(organization_id=organization_id, item_id=item_id, text=unwrapped(demo.text))
    await texts.insert(organization_id, [text])
    async with database.begin(viewer) as session:
        item = await _row(session, slug, demo, text)
        if demo.course not in _DRAFTS:
            await publish(session, item, text.text)
    return 1


async def _row(session: AsyncSession, slug: str, demo: DemoItem, text: ItemText) -> Item:
    own = {"organization_id": text.organization_id}
    course_id, module_id = demo_id("course", slug, demo.course), demo_id("module", slug, demo.course, demo.module)
    # What catalog's events will tell too, once this subgraph runs.
    await keep_course(session, CourseCreated(**own, id=course_id, module_ids=[module_id]))
    item = Item(
        **own,
        id=text.item_id,
        course_id=course_id,
        module_id=module_id,
        type=demo.type,
        title=demo.title,
        difficulty=demo.difficulty,
        tags=list(demo.tags),
        duration_minutes=demo.duration_minutes,
        text_id=text.id,
        version=1,
        revision=1,
    )
    session.add(item)
    await emit(session, ItemCreated(**own, id=item.id, course_id=course_id, module_id=module_id))
    return item


async def _history(database: Database, slug: str) -> int:
    made = 0
    async with database.begin(Viewer(organization_id=demo_id("organization", slug))) as session:
        for course, readers in HISTORY[slug].items():
            statement = select(Item).where(Item.course_id == demo_id("course", slug, course)).order_by(Item.id)
            items = (await session.execute(statement)).scalars().all()
            for reader in readers:
                made += await _read(session, items[: reader.items], reader)
    return made


async def _read(session: AsyncSession, items: Sequence[Item], reader: DemoReader) -> int:
    user_id = demo_id("user", reader.email)
    last = datetime.now(UTC) - timedelta(days=reader.days_ago)
    completed = select(Completion.item_id).where(Completion.user_id == user_id)
    before = set((await session.execute(completed)).scalars())
    unread = [item for item in items if item.id not in before]
    for days, item in enumerate(reversed(unread)):
        await note_completion(session, item, user_id, last - timedelta(days=days))
    return len(unread)


def unwrapped(text: str) -> str:
    """The text with one line per paragraph; lines of code keep their breaks."""
    paragraphs = text.strip("\n").split("\n\n")
    return "\n\n".join(
        paragraph if paragraph.startswith("    ") else " ".join(paragraph.split("\n")) for paragraph in paragraphs
    )

"""Content as an ASGI application, with the media of a folder beside GraphQL."""

from shared.app import create_app
from subgraphs.content.consumers import handlers
from subgraphs.content.runtime import objects_of, publish_on_time, search_of
from subgraphs.content.schema import schema
from subgraphs.content.settings import Settings

settings = Settings.load()

app = create_app(
    "content", schema, settings, handlers=handlers, work=[publish_on_time], routes=objects_of(settings).routes()
)
search_of(app.state.platform)  # an address of Elasticsearch that is none is refused now, as that of a bucket was above

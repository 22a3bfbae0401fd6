"""Identity as an ASGI application, with what it answers beside GraphQL."""

from shared.app import create_app
from subgraphs.identity.consumers import handlers
from subgraphs.identity.gauges import GAUGES
from subgraphs.identity.routes import routes
from subgraphs.identity.runtime import signing_keys
from subgraphs.identity.schema import schema
from subgraphs.identity.settings import Settings

settings = Settings.load()

app = create_app(
    "identity",
    schema,
    settings,
    keys=signing_keys(settings),
    handlers=handlers,
    gauges=GAUGES,
    routes=routes(),
)

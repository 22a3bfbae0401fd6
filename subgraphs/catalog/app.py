"""Catalog as an ASGI application."""

from shared.app import create_app
from shared.settings import Settings
from subgraphs.catalog.consumers import handlers
from subgraphs.catalog.gauges import GAUGES
from subgraphs.catalog.presence import keep_presence
from subgraphs.catalog.schema import schema

app = create_app("catalog", schema, Settings.load(), handlers=handlers, work=[keep_presence], gauges=GAUGES)

"""Ai as an ASGI application."""

from shared.app import create_app
from subgraphs.ai.consumers import handlers
from subgraphs.ai.runtime import embed_waiting, model_of, vectors_of
from subgraphs.ai.schema import schema
from subgraphs.ai.settings import Settings

app = create_app("ai", schema, Settings.load(), handlers=handlers, work=[embed_waiting])
model_of(app.state.platform)  # what cannot be a key or an address is refused now, not when it is first used
vectors_of(app.state.platform)

"""Credentials as an ASGI application, with what anybody needs to check a credential beside GraphQL."""

from shared.app import create_app
from subgraphs.credentials.consumers import handlers
from subgraphs.credentials.jobs import run_jobs
from subgraphs.credentials.routes import routes
from subgraphs.credentials.schema import schema
from subgraphs.credentials.settings import Settings

app = create_app("credentials", schema, Settings.load(), handlers=handlers, work=[run_jobs], routes=routes())

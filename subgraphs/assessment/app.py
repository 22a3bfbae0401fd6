"""Assessment as an ASGI application."""

from shared.app import create_app
from shared.settings import Settings
from subgraphs.assessment.consumers import handlers
from subgraphs.assessment.runtime import close_overdue
from subgraphs.assessment.schema import schema

app = create_app("assessment", schema, Settings.load(), handlers=handlers, work=[close_overdue])

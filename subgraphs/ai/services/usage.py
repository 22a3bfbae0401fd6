"""What the model is used for, tenant by tenant: written down with each use, also with one that came to nothing."""

from uuid import UUID

from shared.auth import Viewer, organization_of
from shared.model import Usage
from shared.waiting import Begin
from subgraphs.ai.models import ModelUse, Operation


async def record(begin: Begin, viewer: Viewer, operation: Operation, model: str, usage: Usage) -> None:
    """Stores a use for the viewer's organization, in a transaction of its own: it was paid whatever comes of it."""
    organization_id: UUID = organization_of(viewer)
    async with begin() as session:
        use = ModelUse(
            organization_id=organization_id,
            operation=operation,
            model=model,
            prompt_tokens=usage.prompt_tokens,
            completion_tokens=usage.completion_tokens,
            nano_dollars=usage.nano_dollars,
            user_id=viewer.user_id,
        )
        session.add(use)

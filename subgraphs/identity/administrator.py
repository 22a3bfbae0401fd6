"""Makes a login of the platform, which belongs to no organization and makes them: an installation begins with one."""

import os
import sys
from collections.abc import Callable

from pydantic import ValidationError
from sqlalchemy import select

from shared import ids
from shared.auth import Role
from shared.events import emit
from shared.inputs import Email, Input
from shared.postgres import Database
from subgraphs.identity import passwords
from subgraphs.identity.events import UserRegistered
from subgraphs.identity.inputs import Password
from subgraphs.identity.models import User
from subgraphs.identity.settings import Settings


class _Login(Input):
    """What is asked of the login of anybody."""

    email: Email
    password: Password


async def create(progress: Callable[[int, int], None], *, email: str) -> int:
    """Returns 1, or 0 where the address has a login, which stays as it is.

    The password is `LYCEUM_ADMINISTRATOR_PASSWORD`: other people see the arguments of a process.
    """
    login = _login(email, os.environ["LYCEUM_ADMINISTRATOR_PASSWORD"])
    database = Database("identity", Settings.load())
    try:
        async with database.system() as session:
            if await session.scalar(select(User.id).where(User.email_address == login.email)):
                return 0
            user = User(
                id=ids.new_id(),
                email_address=login.email,
                display_name=login.email,
                password_hash=await passwords.hashed(login.password),
                platform_role=Role.SUPER_ADMIN,
            )
            session.add(user)
            await emit(session, UserRegistered(id=user.id, organization_id=None), actor_id=user.id)
    finally:
        await database.close()
    progress(1, 1)
    return 1


def _login(email: str, password: str) -> _Login:
    try:
        return _Login(email=email, password=password)
    except ValidationError as error:  # whose own text repeats the password
        sys.exit("\n".join(f"{problem['loc'][0]}: {problem['msg']}" for problem in error.errors()))

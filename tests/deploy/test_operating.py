"""What an operator makes before the first start: secrets, the passwords of logins, and the first login."""

import base64
import hashlib
import hmac
import json
import stat
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest
from dotenv import dotenv_values
from pydantic import SecretStr

from shared.migrations import logins
from shared.stack import keys
from shared.stack.project import Project
from shared.stack.running import Engines
from subgraphs.credentials.settings import decoded
from subgraphs.identity.keys import SigningKeys
from subgraphs.identity.settings import Settings
from tests.conftest import Subgraph
from tests.graph.stack import forget, run

ROLES = [login for name in Project.load().subgraphs for login in logins(name)]


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A home of the command's own."""
    home = tmp_path / "home"
    yield home
    if home.exists():
        forget(home)


def test_secrets_are_made_once_for_us_alone(tmp_path: Path, home: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("LYCEUM_SITE=learn.example\nREDIS_PASSWORD=mine")
    file.chmod(0o644)
    assert run(home, "secrets", "--file", str(file)).returncode == 0
    made = dotenv_values(file)
    assert made["LYCEUM_SITE"] == "learn.example"
    assert made["REDIS_PASSWORD"] == "mine"
    assert {keys.password_variable(role) for role in ROLES} < made.keys()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600

    before = file.read_bytes()
    again = run(home, "secrets", "--file", str(file))
    assert "every secret already" in again.stdout
    assert file.read_bytes() == before
    assert len({value for value in made.values() if value != "mine"}) == len(made) - 1


def test_secrets_are_good_for_what_reads_them(tmp_path: Path, home: Path) -> None:
    file = tmp_path / ".env"
    run(home, "secrets", "--file", str(file))
    made = {name: value or "" for name, value in dotenv_values(file).items()}
    assert SigningKeys(made["LYCEUM_SIGNING_KEYS"], "https://issuer.example", "lyceum").jwks()["keys"]
    assert len(decoded(SecretStr(made["LYCEUM_CREDENTIAL_SECRETS"]))) == 1
    # kubectl takes each line as it stands: quotes would be part of the value.
    lines = dict(line.split("=", 1) for line in file.read_text().splitlines())
    assert lines == made
    assert json.loads(lines["LYCEUM_SIGNING_KEYS"])["keys"][0]["d"]


@pytest.mark.parametrize("given", [(), ("LYCEUM_SIGNING_KEYS", "LYCEUM_SIGNING_KEYS_FILE")], ids=["none", "both"])
def test_identity_takes_its_keys_in_one_way(
    identity: Subgraph, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], given: tuple[str, ...]
) -> None:
    for name in ("LYCEUM_SIGNING_KEYS", "LYCEUM_SIGNING_KEYS_FILE"):
        monkeypatch.delenv(name, raising=False)
    for name in given:
        monkeypatch.setenv(name, "x")
    with pytest.raises(SystemExit) as exit:
        Settings.load()
    assert exit.value.code == 78
    assert capsys.readouterr().err.startswith("LYCEUM_SIGNING_KEYS_FILE: ")


async def test_logins_get_the_passwords_that_the_environment_gives(engines: Engines, home: Path) -> None:
    given = {keys.password_variable(role): f"given-to-{role}" for role in ROLES}
    addresses = engines.addresses
    variables = {"DATABASE_URL": addresses.database, "REDIS_URL": addresses.redis}
    done = run(home, "migrate", **variables, **given)
    assert done.returncode == 0, done.stdout
    assert not (home / "secrets.json").exists()
    connection = await asyncpg.connect(addresses.database)
    try:
        stored = dict(
            await connection.fetch("SELECT rolname, rolpassword FROM pg_authid WHERE rolname = any($1)", ROLES)
        )
    finally:
        await connection.close()
    assert {role for role in ROLES if opens(f"given-to-{role}", stored[role])} == set(ROLES)


def opens(password: str, verifier: str) -> bool:
    """Whether PostgreSQL's stored verifier (RFC 5803) is of this password."""
    _, cost, rest = verifier.split("$")
    iterations, salt = cost.split(":")
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), base64.b64decode(salt), int(iterations))
    client_key = hmac.digest(salted, b"Client Key", "sha256")
    return rest.split(":")[0] == base64.b64encode(hashlib.sha256(client_key).digest()).decode()


LOGIN = (
    "mutation ($input: LoginInput!) { login(input: $input) { __typename ... on Tokens { viewer { user { id } } } } }"
)


async def test_the_first_login_of_an_installation(identity: Subgraph, engines: Engines, home: Path) -> None:
    email, password = "first@platform.example", "correct horse battery staple"
    addresses = engines.addresses
    variables = {"DATABASE_URL": addresses.database, "REDIS_URL": addresses.redis}

    refused = run(home, "administrator", email, LYCEUM_ADMINISTRATOR_PASSWORD="aaaaaaaaaaaa1", **variables)
    assert refused.returncode == 1
    assert "password: Value error, A password needs" in refused.stdout
    assert "aaaaaaaaaaaa1" not in refused.stdout

    made = run(home, "administrator", email, LYCEUM_ADMINISTRATOR_PASSWORD=password, **variables)
    assert made.returncode == 0, made.stdout
    other = run(home, "administrator", email, LYCEUM_ADMINISTRATOR_PASSWORD="another password", **variables)
    assert "nothing was changed" in other.stdout
    signed_in = await identity.ask(LOGIN, input={"email": email, "password": password})
    assert signed_in.data["login"]["__typename"] == "Tokens"

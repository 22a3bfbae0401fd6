"""What a badge award says, as an OpenBadgeCredential (Open Badges 3.0) of a W3C Verifiable Credential 2.0.

`Credential` and what it holds are the one shape that our credentials have. It serves both ways: an award is written
through it, and a document that comes back is refused unless it has exactly this shape. That is what keeps the JSON and
the statements that its proof signs one and the same thing: a member that no context defines would be in the one only.
"""

import hashlib
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from pydantic.alias_generators import to_camel

from shared.credentials.vocabulary import BADGES_CONTEXT, CREDENTIALS_CONTEXT, EXTENSIONS_CONTEXT

CONTEXTS = [CREDENTIALS_CONTEXT, BADGES_CONTEXT, EXTENSIONS_CONTEXT]
SCHEMA = "https://purl.imsglobal.org/spec/ob/v3p0/schema/json/ob_v3p0_achievementcredential_schema.json"

# What N-Quads cannot write inside <…> must not be in an IRI, or a value could end it and add a statement.
_IRI = r'^(https?://|did:|urn:|mailto:)[^\s\x00-\x20\x7f<>"{}|\\^`]+$'
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")

Iri = Annotated[str, StringConstraints(pattern=_IRI, max_length=2000)]
# JSON-LD processors disagree about how control characters are written, so no signed text has any but \t, \n and \r.
Text = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]*$")]
Name = Annotated[Text, StringConstraints(min_length=1)]
Instant = Annotated[str, StringConstraints(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")]


def _is(expected: Any) -> AfterValidator:
    def check(value: Any) -> Any:
        if value != expected:
            raise ValueError(f"This has to be {expected!r}.")
        return value

    return AfterValidator(check)


class Part(BaseModel):
    """A JSON object whose members are all known and have exactly the declared types."""

    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", frozen=True, strict=True)


class _Profile(Part):
    id: Iri
    type: Annotated[list[str], _is(["Profile"])]
    name: Name
    url: Iri | None = None


class _Image(Part):
    id: Iri
    type: Literal["Image"]


class _Criteria(Part):
    narrative: Text


class _Achievement(Part):
    id: Iri
    type: Annotated[list[str], _is(["Achievement"])]
    name: Name
    description: Text
    achievement_type: Literal["CertificateOfCompletion"] | None = None
    criteria: _Criteria
    image: _Image | None = None


class _Identity(Part):
    type: Literal["IdentityObject"]
    hashed: bool
    identity_hash: Name
    identity_type: Literal["emailAddress", "name"]
    salt: Text | None = None


class _Subject(Part):
    id: Iri
    type: Annotated[list[str], _is(["AchievementSubject"])]
    identifier: Annotated[list[_Identity], Field(min_length=1, max_length=2)]
    achievement: _Achievement


class _Evidence(Part):
    id: Iri
    type: Annotated[list[str], _is(["Evidence"])]
    name: Name | None = None
    narrative: Text | None = None


class StatusEntry(Part):
    """Where the credential's revocation is published (Bitstring Status List 1.0, 2.1)."""

    id: Iri
    type: Literal["BitstringStatusListEntry"] = "BitstringStatusListEntry"
    status_purpose: Literal["revocation"] = "revocation"
    status_list_index: Annotated[str, StringConstraints(pattern=r"^(0|[1-9]\d{0,9})$")]
    status_list_credential: Iri


class _Schema(Part):
    id: Annotated[str, _is(SCHEMA)]
    type: Literal["1EdTechJsonSchemaValidator2019"]


class Proof(Part):
    """A Data Integrity proof of the cryptosuite eddsa-rdfc-2022."""

    type: Literal["DataIntegrityProof"]
    cryptosuite: Literal["eddsa-rdfc-2022"]
    created: Instant
    verification_method: Iri
    proof_purpose: Literal["assertionMethod"]
    proof_value: str


class Credential(Part):
    """The whole credential; `proof` once it is signed."""

    context: Annotated[list[str], _is(CONTEXTS)] = Field(alias="@context")
    id: Iri
    type: Annotated[list[str], _is(["VerifiableCredential", "OpenBadgeCredential"])]
    name: Name
    issuer: _Profile
    valid_from: Instant
    valid_until: Instant | None = None
    credential_subject: _Subject
    credential_status: StatusEntry
    credential_schema: Annotated[list[_Schema], Field(min_length=1, max_length=1)]
    evidence: Annotated[list[_Evidence], Field(min_length=1, max_length=20)] | None = None
    proof: Proof | None = None


@dataclass(frozen=True, slots=True)
class Issuer:
    """The tenant: `id` is its did:web, `url` a page about it."""

    id: str
    name: str
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Badge:
    """What was achieved: `id` is the badge's public address, `image` that of its picture, `type` what kind of thing it
    is where that is not just a badge."""

    id: str
    name: str
    description: str
    criteria: str
    image: str | None = None
    type: Literal["CertificateOfCompletion"] | None = None


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who achieved it.

    `id` is a `did:` that the person has proved to hold, or else `urn:uuid:` and an id that says nothing. It is never
    the address (`mailto:`), because a credential is public; that one goes in as a salted hash, which tells only those
    who know the address already. `name` is published as it is.
    """

    id: str
    email: str
    name: str | None = None
    salt: str = field(default_factory=lambda: secrets.token_hex(16))


@dataclass(frozen=True, slots=True)
class Evidence:
    """Something on the web that shows the achievement."""

    id: str
    name: str | None = None
    narrative: str | None = None


def issue(
    *,
    id: str,
    issuer: Issuer,
    badge: Badge,
    recipient: Recipient,
    status: StatusEntry,
    valid_from: datetime,
    valid_until: datetime | None = None,
    evidence: Sequence[Evidence] = (),
) -> dict[str, Any]:
    """The credential of one award, not yet signed; `id` is its public address.

    Control characters in texts become spaces. Raises ValueError (of pydantic) for an address that is none, an empty
    name, or more than 20 pieces of evidence.
    """
    document = {
        "@context": CONTEXTS,
        "id": id,
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "name": printable(badge.name),
        "issuer": _present(id=issuer.id, type=["Profile"], name=printable(issuer.name), url=issuer.url),
        "validFrom": instant(valid_from),
        "validUntil": valid_until and instant(valid_until),
        "credentialSubject": {
            "id": recipient.id,
            "type": ["AchievementSubject"],
            "identifier": _identities(recipient),
            "achievement": _achievement(badge),
        },
        "credentialStatus": status.model_dump(by_alias=True),
        "credentialSchema": [{"id": SCHEMA, "type": "1EdTechJsonSchemaValidator2019"}],
        "evidence": [_evidence(one) for one in evidence] or None,
    }
    return Credential.model_validate(document).model_dump(by_alias=True, exclude_none=True)


def hashed_email(email: str, salt: str) -> str:
    """The `identityHash` of an address (Open Badges 3.0, IdentityHash): SHA-256 of address and salt, in hexadecimal.

    The address is hashed in lower case, as it is compared everywhere else.
    """
    return "sha256$" + hashlib.sha256((email.lower() + salt).encode()).hexdigest()


def instant(time: datetime) -> str:
    """An aware time as documents have it: UTC, whole seconds."""
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def printable(text: str) -> str:
    """The text with a space for each control character; tabs and line ends stay, and so does every script."""
    return _CONTROLS.sub(" ", text)


def _identities(recipient: Recipient) -> list[dict[str, Any]]:
    identities: list[dict[str, Any]] = [
        {
            "type": "IdentityObject",
            "hashed": True,
            "identityHash": hashed_email(recipient.email, recipient.salt),
            "identityType": "emailAddress",
            "salt": recipient.salt,
        }
    ]
    if recipient.name:
        name = printable(recipient.name)
        identities.append({"type": "IdentityObject", "hashed": False, "identityHash": name, "identityType": "name"})
    return identities


def _achievement(badge: Badge) -> dict[str, Any]:
    return _present(
        id=badge.id,
        type=["Achievement"],
        name=printable(badge.name),
        description=printable(badge.description),
        achievementType=badge.type,
        criteria={"narrative": printable(badge.criteria)},
        image=badge.image and {"id": badge.image, "type": "Image"},
    )


def _evidence(evidence: Evidence) -> dict[str, Any]:
    return _present(
        id=evidence.id,
        type=["Evidence"],
        name=evidence.name and printable(evidence.name),
        narrative=evidence.narrative and printable(evidence.narrative),
    )


def _present(**members: Any) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}

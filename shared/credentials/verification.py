"""Our own check of a credential that we issued."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from jwt.types import Options
from pydantic import ValidationError

from shared.credentials.did import jwk_id, multikey_id
from shared.credentials.document import Credential, Proof
from shared.credentials.keys import PublicKey
from shared.credentials.multibase import from_base58
from shared.credentials.signing import claims, hash_data
from shared.credentials.status import StatusList

# Clocks differ; an award of this very second is valid everywhere.
_SKEW = timedelta(minutes=5)

_SIGNATURE_ONLY: Options = {"verify_signature": True, "verify_exp": False, "verify_nbf": False, "verify_iat": False}


class Reason(StrEnum):
    """Why a credential does not hold."""

    UNKNOWN = "UNKNOWN"
    REVOKED = "REVOKED"
    EXPIRED = "EXPIRED"
    TAMPERED = "TAMPERED"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came out. `problem` is a Problem Details object (RFC 9457), if a specification has one for the case."""

    reason: Reason | None = None
    problem: dict[str, str] | None = None

    @property
    def valid(self) -> bool:
        """Whether the credential holds."""
        return self.reason is None


def verify(
    document: Any, issuer: str, keys: Sequence[PublicKey], status: StatusList, now: datetime | None = None
) -> Verdict:
    """Checks a JSON credential: its shape, its issuer, its proof, its revocation and its dates, in this order.

    `issuer` is the DID that it should come from, `keys` all that this DID has published, `status` the list that the
    credential names. None as the document is UNKNOWN, like one of another issuer. What is not valid yet is EXPIRED too:
    it is outside its dates.
    """
    if document is None:
        return Verdict(Reason.UNKNOWN)
    try:
        credential = Credential.model_validate(document)
    except ValidationError as error:
        return _tampered("https://www.w3.org/TR/vc-data-model#MALFORMED_VALUE_ERROR", _where(error))
    if credential.issuer.id != issuer:
        return Verdict(Reason.UNKNOWN)
    if credential.proof is None or not _proves(document, credential.proof, issuer, keys):
        return _tampered("https://w3id.org/security#PROOF_VERIFICATION_ERROR", "The proof does not fit the credential.")
    return _holds(credential, status, now or datetime.now(UTC))


def says_the_same(token: str, document: Mapping[str, Any], issuer: str, keys: Sequence[PublicKey]) -> bool:
    """Whether the JWT is signed by one of the issuer's keys and has exactly the claims of the JSON credential.

    Nothing but that: whether the credential holds, `verify` tells.
    """
    try:
        kid = jwt.get_unverified_header(token).get("kid")
        key = next(key for key in keys if jwk_id(issuer, key) == kid)
        public = Ed25519PublicKey.from_public_bytes(key.raw)
        # Dates and who may read it are claims of the document, which has been looked at.
        said = jwt.decode(token, public, algorithms=["EdDSA"], options=_SIGNATURE_ONLY)
    except (jwt.InvalidTokenError, StopIteration):
        return False
    return bool(said == claims({name: value for name, value in document.items() if name != "proof"}))


def _proves(document: Mapping[str, Any], proof: Proof, issuer: str, keys: Sequence[PublicKey]) -> bool:
    key = next((key for key in keys if multikey_id(issuer, key) == proof.verification_method), None)
    if key is None:
        return False
    options = {name: value for name, value in document["proof"].items() if name != "proofValue"}
    unsigned = {name: value for name, value in document.items() if name != "proof"}
    try:
        return key.verifies(from_base58(proof.proof_value), hash_data(unsigned, options))
    except ValueError:  # the signature is no base58, or two things in the document cannot be told apart
        return False


def _holds(credential: Credential, status: StatusList, now: datetime) -> Verdict:
    entry = credential.credential_status
    if entry.status_list_credential != status.url:
        problem = "https://www.w3.org/ns/credentials/status-list#STATUS_VERIFICATION_ERROR"
        return _tampered(problem, "The credential names another status list.")
    if int(entry.status_list_index) in status.revoked:
        return Verdict(Reason.REVOKED)
    starts = datetime.fromisoformat(credential.valid_from)
    ends = datetime.fromisoformat(credential.valid_until) if credential.valid_until else None
    if now + _SKEW < starts or (ends is not None and now > ends):
        return Verdict(Reason.EXPIRED)
    return Verdict()


def _tampered(type: str, detail: str) -> Verdict:
    title = type.rpartition("#")[2].replace("_", " ").capitalize()
    return Verdict(Reason.TAMPERED, {"type": type, "title": title, "detail": detail})


def _where(error: ValidationError) -> str:
    first = error.errors(include_input=False, include_url=False)[0]
    return f"{'.'.join(str(step) for step in first['loc']) or 'The credential'}: {first['msg']}"

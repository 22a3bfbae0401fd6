"""What the names in our documents mean in RDF: the part of their JSON-LD contexts that we use, written out.

A Data Integrity proof signs the RDF statements that a document makes. A JSON-LD processor finds them by reading the
contexts again for every document, which takes milliseconds; our documents have one shape, so this table is enough. What
it lacks cannot be signed. The tests hold it against two JSON-LD processors, pyld and jsonld.js, with these contexts:

    https://www.w3.org/ns/credentials/v2
        SHA-256 59955ced6697d61e03f2b2556febe5308ab16842846f5b586d7f1f7adec92734
    https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json
        SHA-256 3d34f4d4ef1bce691106e63798beb5e7b862ba841423f5ee1e53ab7ddf3bca84
    https://purl.imsglobal.org/spec/ob/v3p0/extensions.json
        SHA-256 87c06c81bc2317663bf288d740d94fddd2818c4342b186270ff6371dfaa63f93
"""

from collections.abc import Mapping
from dataclasses import dataclass

CREDENTIALS_CONTEXT = "https://www.w3.org/ns/credentials/v2"
BADGES_CONTEXT = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"
# It defines the type of `credentialSchema`, which the other two do not.
EXTENSIONS_CONTEXT = "https://purl.imsglobal.org/spec/ob/v3p0/extensions.json"

RDF_TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
_XSD = "http://www.w3.org/2001/XMLSchema#"
_CREDENTIAL = "https://www.w3.org/2018/credentials#"
_STATUS = "https://www.w3.org/ns/credentials/status#"
_SECURITY = "https://w3id.org/security#"
_BADGE = "https://purl.imsglobal.org/spec/vc/ob/vocab.html#"
_SCHEMA = "https://schema.org/"


@dataclass(frozen=True, slots=True)
class Term:
    """What one member says: `iri` is the property, and exactly one kind of value goes with it."""

    iri: str
    datatype: str | None = None
    """The type of a literal; None for a plain string."""
    refers: bool = False
    """The value is another thing: an object, or its IRI."""
    names: bool = False
    """The value is one of `Vocabulary.names`, or a list of them."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The terms (members) and names (types and purposes) that documents are written in."""

    terms: Mapping[str, Term]
    names: Mapping[str, str]


_TERMS = {
    "type": Term(RDF_TYPE, names=True),
    "name": Term(_SCHEMA + "name"),
    "description": Term(_SCHEMA + "description"),
    "url": Term(_SCHEMA + "url", "https://www.w3.org/2001/XMLSchema#anyURI"),
    # Verifiable credentials
    "issuer": Term(_CREDENTIAL + "issuer", refers=True),
    "validFrom": Term(_CREDENTIAL + "validFrom", _XSD + "dateTime"),
    "validUntil": Term(_CREDENTIAL + "validUntil", _XSD + "dateTime"),
    "credentialSubject": Term(_CREDENTIAL + "credentialSubject", refers=True),
    "credentialStatus": Term(_CREDENTIAL + "credentialStatus", refers=True),
    "credentialSchema": Term(_CREDENTIAL + "credentialSchema", refers=True),
    "evidence": Term(_CREDENTIAL + "evidence", refers=True),
    # Status lists
    "statusPurpose": Term(_STATUS + "statusPurpose"),
    "statusListIndex": Term(_STATUS + "statusListIndex"),
    "statusListCredential": Term(_STATUS + "statusListCredential", refers=True),
    "encodedList": Term(_STATUS + "encodedList", _SECURITY + "multibase"),
    "ttl": Term(_STATUS + "ttl", _XSD + "integer"),
    # Open Badges; its context writes the types of XML Schema with https
    "achievement": Term(_BADGE + "achievement", refers=True),
    "achievementType": Term(_BADGE + "achievementType"),
    "criteria": Term(_BADGE + "Criteria", refers=True),
    "narrative": Term(_BADGE + "narrative"),
    "image": Term(_BADGE + "image", refers=True),
    "identifier": Term(_BADGE + "identifier", refers=True),
    "hashed": Term(_BADGE + "hashed", "https://www.w3.org/2001/XMLSchema#boolean"),
    "identityHash": Term(_BADGE + "identityHash"),
    "identityType": Term(_BADGE + "identityType"),
    "salt": Term(_BADGE + "salt"),
    # Proofs
    "created": Term("http://purl.org/dc/terms/created", _XSD + "dateTime"),
    "cryptosuite": Term(_SECURITY + "cryptosuite", _SECURITY + "cryptosuiteString"),
    "proofPurpose": Term(_SECURITY + "proofPurpose", names=True),
    "verificationMethod": Term(_SECURITY + "verificationMethod", refers=True),
}

_NAMES = {
    "VerifiableCredential": _CREDENTIAL + "VerifiableCredential",
    "OpenBadgeCredential": _BADGE + "OpenBadgeCredential",
    "Profile": _BADGE + "Profile",
    "AchievementSubject": _BADGE + "AchievementSubject",
    "Achievement": _BADGE + "Achievement",
    "Image": _BADGE + "Image",
    "IdentityObject": _BADGE + "IdentityObject",
    "Evidence": _BADGE + "Evidence",
    "1EdTechJsonSchemaValidator2019": (
        "https://purl.imsglobal.org/spec/vccs/v1p0/context.json#1EdTechJsonSchemaValidator2019"
    ),
    "BitstringStatusListEntry": _STATUS + "BitstringStatusListEntry",
    "BitstringStatusListCredential": _STATUS + "BitstringStatusListCredential",
    "BitstringStatusList": _STATUS + "BitstringStatusList",
    "DataIntegrityProof": _SECURITY + "DataIntegrityProof",
    "assertionMethod": _SECURITY + "assertionMethod",
}

VOCABULARY = Vocabulary(_TERMS, _NAMES)

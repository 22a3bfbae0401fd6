"""The two multibase encodings that the specifications use: base58btc (prefix z) and base64url without padding (u)."""

import base64
import binascii

_ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
# Decoding takes quadratic time; nothing of ours has more characters than the 88 of a signature.
_LONGEST = 128


def base58(value: bytes) -> str:
    """`z` and the bytes in base58btc (Multibase, as Data Integrity 1.0 section 2.5 has it)."""
    number, digits = int.from_bytes(value, "big"), ""
    while number:
        number, digit = divmod(number, 58)
        digits = _ALPHABET[digit] + digits
    zeros = len(value) - len(value.lstrip(b"\0"))
    return "z" + "1" * zeros + digits


def from_base58(text: str) -> bytes:
    """The bytes of `base58`. Raises ValueError for anything else."""
    if not text.startswith("z") or len(text) > _LONGEST:
        raise ValueError("This is not base58btc.")
    number = 0
    for character in text[1:]:
        number = number * 58 + _ALPHABET.index(character)
    zeros = len(text) - 1 - len(text[1:].lstrip("1"))
    return b"\0" * zeros + number.to_bytes((number.bit_length() + 7) // 8, "big")


def base64url(value: bytes) -> str:
    """The bytes in base64url without padding and without prefix, as JOSE has it (RFC 7515, 2)."""
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def from_base64url(text: str) -> bytes:
    """The bytes of `base64url`. Raises ValueError for anything else."""
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError("This is not base64url.") from error

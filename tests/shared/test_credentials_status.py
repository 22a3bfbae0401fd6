"""Status lists: the bits where the specification has them, and positions that tell nothing."""

import gzip

import pytest
from openbadgeslib.ob3 import decode_encoded_list, set_indices

from shared.credentials import StatusListFull, free_positions
from shared.credentials.multibase import from_base64url
from shared.credentials.status import ENTRIES, MOST, encoded
from tests.shared.credentials import Tenant

# Bitstring Status List 1.0, examples 3, 5 and 7: a list of 131,072 entries of which none is set.
EMPTY = "uH4sIAAAAAAAAA-3BMQEAAADCoPVPbQwfoAAAAAAAAAAAAAAAAAAAAIC3AYbSVKsAQAAA"


def bits(text: str) -> bytes:
    return gzip.decompress(from_base64url(text.removeprefix("u")))


def test_an_empty_list_is_that_of_the_specification() -> None:
    assert bits(encoded([])) == bits(EMPTY)
    assert len(encoded([])) < 100


def test_the_first_position_is_the_leftmost_bit() -> None:
    content = bits(encoded([0, 9, ENTRIES - 1]))
    assert len(content) == 16 * 1024
    assert content[:2] == b"\x80\x40"
    assert content[-1] == 1


def test_others_read_the_same_positions() -> None:
    revoked = set(free_positions(5_000, set()))
    assert set_indices(decode_encoded_list(encoded(revoked))) == revoked


def test_the_same_revocations_are_the_same_list() -> None:
    assert encoded([3, 1, 2]) == encoded({1, 2, 3})


@pytest.mark.parametrize("position", [-1, ENTRIES])
def test_there_is_no_position_outside(position: int) -> None:
    with pytest.raises(ValueError, match="131072 positions"):
        Tenant().statuses.entry(position)


def test_positions_are_free_different_and_in_no_order() -> None:
    taken = set(range(0, ENTRIES, 3))
    positions = free_positions(10_000, taken)
    assert len(set(positions)) == 10_000
    assert not set(positions) & taken
    assert positions != sorted(positions)
    assert max(positions) > ENTRIES * 0.9
    assert min(positions) < ENTRIES * 0.1


def test_half_of_a_list_stays_free() -> None:
    assert len(free_positions(1, set(range(MOST - 1)))) == 1
    with pytest.raises(StatusListFull):
        free_positions(2, set(range(MOST - 1)))


def test_a_list_names_its_issuer_its_address_and_its_dates() -> None:
    tenant = Tenant(revoked={7})
    document = tenant.status().document
    assert document["id"] == tenant.statuses.entry(7).status_list_credential
    assert document["issuer"] == tenant.did
    assert document["credentialSubject"]["statusPurpose"] == "revocation"
    assert document["credentialSubject"]["ttl"] == 300_000
    assert document["validUntil"] > document["validFrom"]

"""What tokens cost.

From the pages of the models at https://developers.openai.com/api/docs/models, read in November 2026: the standard tier,
without the discount for cached input, the surcharge for writing to that cache or the one for processing in a region.
"""

import math
from decimal import Decimal
from typing import NamedTuple

from shared.model.protocol import Usage

_NANO_DOLLARS_A_TOKEN = 1_000  # for a dollar a million


class Price(NamedTuple):
    """US dollars for a million tokens."""

    prompt: Decimal
    completion: Decimal


PRICES = {
    "text-embedding-3-small": Price(Decimal("0.02"), Decimal(0)),
    "text-embedding-3-large": Price(Decimal("0.13"), Decimal(0)),
    "gpt-6-luna": Price(Decimal("0.10"), Decimal("0.50")),
    "gpt-6-sol": Price(Decimal("2.00"), Decimal("10.00")),
    "gpt-5.6-luna": Price(Decimal("0.20"), Decimal("1.20")),
    "gpt-5.4-mini": Price(Decimal("0.75"), Decimal("4.50")),
    "gpt-5.4-nano": Price(Decimal("0.20"), Decimal("1.25")),
}

_FREE = Price(Decimal(0), Decimal(0))


def usage(price: Price | None, prompt_tokens: int, completion_tokens: int) -> Usage:
    """What these tokens cost, rounded up; of a model without a price, nothing."""
    prompt, completion = price or _FREE
    dollars = prompt_tokens * prompt + completion_tokens * completion
    return Usage(prompt_tokens, completion_tokens, math.ceil(dollars * _NANO_DOLLARS_A_TOKEN))

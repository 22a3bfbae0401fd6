"""Why a certificate is not printed. The messages are for people and name the field at fault."""

import unicodedata


class Unprintable(ValueError):
    """A certificate, or what a tenant chose for its template, that would not come out right."""


class TooLong(Unprintable):
    """A text has more characters than fit on the page at a size that one can read."""

    def __init__(self, field: str, length: int, limit: int) -> None:
        super().__init__(f"{field} has {length:,} characters; at most {limit:,} fit.")
        self.field, self.length, self.limit = field, length, limit


class Blank(Unprintable):
    """Nothing of a text that has to be there can be printed."""

    def __init__(self, field: str) -> None:
        super().__init__(f"{field} has nothing that can be printed.")
        self.field = field


class BadAddress(Unprintable):
    """What should be the address of a certificate is none, or too long to be printed."""


class UnsupportedScript(Unprintable):
    """No font here has a character; printed all the same, it would be an empty box."""

    def __init__(self, character: str) -> None:
        name = unicodedata.name(character, "UNKNOWN")
        # Unicode's names of letters begin with their script: GEORGIAN LETTER AN, CJK UNIFIED IDEOGRAPH-20000.
        self.script, self.character = name.split()[0].split("-")[0].capitalize(), character
        super().__init__(f"No font for the script {self.script} has U+{ord(character):04X} {name}.")


class BadTemplate(Unprintable):
    """A template holds something that is not allowed there."""


class BadLogo(BadTemplate):
    """A logo is not a PNG or SVG picture of the simple kind that can be printed safely."""

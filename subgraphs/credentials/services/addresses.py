"""The public addresses of credentials. They are printed into signed documents, so they have to answer for ever."""

from dataclasses import dataclass
from uuid import UUID

from shared import ids
from shared.credentials import did_web


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the public finds things; `base` is our own public address, without a slash at its end."""

    base: str

    def verification(self, code: str) -> str:
        """The page where anybody can check the award with this code."""
        return f"{self.base}/verify/{code}"

    def credential(self, code: str) -> str:
        """The signed credential, which names this address as its id."""
        return f"{self.base}/credentials/{code}"

    def image(self, code: str) -> str:
        """The badge's picture with the credential in it."""
        return f"{self.credential(code)}/image.png"

    def pdf(self, code: str) -> str:
        """The certificate with this code, as it is printed."""
        return f"{self.credential(code)}/certificate.pdf"

    def did(self, slug: str) -> str:
        """The organization as an issuer; resolves to `/organizations/{slug}/did.json`."""
        return did_web(self.base, slug)

    def badge(self, slug: str, badge_id: UUID) -> str:
        """What the badge stands for."""
        return f"{self.base}/organizations/{slug}/badges/{ids.encode('badge', badge_id)}"

    def status_list(self, slug: str, number: int) -> str:
        """The organization's status list of this number."""
        return f"{self.base}/organizations/{slug}/status/{number}"

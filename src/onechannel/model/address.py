"""Addresses: where a customer can be reached or recognised.

Law of this file: what the vendor sent stays in `raw`; the `key` a customer is known by is made
once, when the address is built from outside, and never again when it is read back.
"""

import re
from collections.abc import Iterable
from hashlib import sha256
from typing import Final

import attrs

from onechannel.errors import InvalidValue
from onechannel.model.checks import member, text, tuple_of
from onechannel.model.code import Code
from onechannel.model.personal import personal

__all__ = ["Address", "Verification", "addresses_of"]

_URI: Final = re.compile(r"([a-z][a-z0-9+.-]{0,30}):(\S{1,500})", re.IGNORECASE)
_E164: Final = re.compile(r"\+[1-9][0-9]{1,14}")  # ITU-T E.164: at most 15 digits
# Half of the digest: more than enough for all addresses there are.
_MARK: Final = 32
_VISUAL: Final = str.maketrans("", "", " -.()\u00a0")  # RFC 3966 visual separators, and spaces


class Verification(Code):
    """How sure we are that the address is the customer's."""

    CLAIMED = "claimed"
    OBSERVED = "observed"
    VERIFIED = "verified"


def _verification(value: Verification | str) -> Verification:
    return member(Verification, value)


@attrs.frozen(kw_only=True)
class Address:
    """A URI by scheme: `tel:` in E.164, `mailto:`, `sip:`, or a vendor's own.

    Build it with `Address.parse`; `key` decides whether two addresses are one.
    """

    raw: str = personal(subject="customer", validator=text)
    key: str = personal(subject="customer", validator=text)
    verification: Verification = attrs.field(default=Verification.CLAIMED, converter=_verification)

    @classmethod
    def parse(cls, raw: str, verification: Verification = Verification.CLAIMED) -> "Address":
        """The address that `raw` denotes; raises `InvalidValue` without citing it."""
        return cls(raw=raw, key=_key(raw), verification=verification)

    @property
    def mark(self) -> str:
        """What stays the same for one key and does not show it, to compare addresses by."""
        return sha256(self.key.encode()).hexdigest()[:_MARK]

    @property
    def scheme(self) -> str:
        """The part before the colon: what kind of address it is."""
        return self.key.partition(":")[0]


def addresses_of(value: Iterable[Address]) -> tuple[Address, ...]:
    """Converter: any number of addresses, in order."""
    return tuple_of(Address, value)


def _key(raw: str) -> str:
    scheme, rest = _split(raw.strip())
    if scheme == "tel":
        number = rest.partition(";")[0]
        if not _E164.fullmatch(number):
            raise InvalidValue(
                "a tel: address must be in E.164: + and country code, at most 15 digits"
            )
        return f"tel:{number}"
    if scheme in {"mailto", "sip", "sips"}:
        name, at, domain = rest.partition("?")[0].rpartition("@")
        if not (name and at and domain):
            raise InvalidValue(f"a {scheme}: address must have the form name@domain")
        # Local parts are case-sensitive by RFC 5321 and by nobody's practice; one person is one
        # key.
        return f"{scheme}:{name.lower()}@{domain.lower()}"
    return f"{scheme}:{rest}"


def _split(raw: str) -> tuple[str, str]:
    scheme, colon, rest = raw.partition(":")
    scheme = scheme.lower()
    if colon and scheme == "tel":
        rest = rest.translate(_VISUAL)
    if not _URI.fullmatch(f"{scheme}{colon}{rest}"):
        raise InvalidValue("an address must be a URI: tel:+34600111222, mailto:ana@example.com")
    return scheme, rest

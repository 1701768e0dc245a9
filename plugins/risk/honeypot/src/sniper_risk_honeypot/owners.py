"""Who might rule a token: candidates, not proof. What each of them can do is tried."""

import asyncio
from collections.abc import Iterable
from typing import Final

from sniper.errors import CallReverted, CodecError
from sniper.io import Chain
from sniper.plugin import Frozen

MOST_OWNERS: Final = 6
FIRST_SLOTS: Final = 8
"""Storage slots of the token that are looked at: owners are declared first, as a rule."""
ADMIN_SLOT: Final = 0xB53127684A568B3173AE13B9F8A6016E243E63B6E8EE1178D6A717850B5D6103
"""EIP-1967: the admin of a proxy."""
IMPLEMENTATION_SLOT: Final = 0x360894A13BA1A3210667C828492DB98DCA3E2076CC3735A920A3CA505D382BBC
"""EIP-1967: what a proxy delegates to."""
TRANSFERRED: Final = "0x8be0079c531659141344cd1fd0a4f28419497f9722a3daafe3b4186f6b6457e0"
"""OwnershipTransferred(address,address), ERC-173."""
A_DAY: Final = 86_400

_CLONE_BEGIN, _CLONE_END = bytes.fromhex("363d3d373d3d3d363d73"), bytes.fromhex("5af43d82803e903d91602b57fd5bf3")
"""Runtime code of a clone, around the address (EIP-1167)."""


class Owner(Frozen):
    """``kind``: ``wallet`` (one key decides), ``multisig`` (``weight`` signatures, as a Safe says), ``timelock``
    (``weight`` seconds pass first) or ``contract`` (of which nothing is known)."""

    address: str
    kind: str = "wallet"
    weight: int = 0

    @property
    def shared(self) -> bool:
        """Whether nobody can act alone and at once."""
        return (self.kind == "multisig" and self.weight >= 2) or (self.kind == "timelock" and self.weight >= A_DAY)


async def code_behind(chain: Chain, token: str) -> bytes:
    """The code that runs when a token is called: of a clone or a proxy that of what it delegates to. Empty: there is
    none."""
    code = await chain.code(token)
    if code.startswith(_CLONE_BEGIN) and code.endswith(_CLONE_END):
        return await chain.code("0x" + code[10:30].hex())
    behind = await chain.storage(token, IMPLEMENTATION_SLOT) if code else 0
    return (await chain.code(_address(behind)) if behind else b"") or code


async def owners(chain: Chain, token: str, others: Iterable[str], but: Iterable[str]) -> tuple[Owner, ...]:
    """Whom the token names, named, or stores, and ``others``; never ``but``."""
    named, slots, logs = await asyncio.gather(
        asyncio.gather(*(_named(chain, token, name) for name in ("owner", "getOwner", "admin"))),
        asyncio.gather(*(chain.storage(token, slot) for slot in (ADMIN_SLOT, *range(FIRST_SLOTS)))),
        chain.logs(address=token, topics=[TRANSFERRED], first=0),
    )
    words = [_address(word >> shift & (2**160 - 1)) for word in slots for shift in (0, 8) if word]
    stored = [word for word in words if _plausible(word)]
    past = ["0x" + topic[-40:] for log in logs for topic in log.topics[1:3]]
    left = {each.lower() for each in but}
    # Logs last: a token may write as many names into them as it likes, and whom it obeys is not among the first then.
    found = [each.lower() for each in (*named, *stored, *others, *past)]
    found = [each for each in dict.fromkeys(found) if each not in left and not _nobody(each)]
    return tuple(await asyncio.gather(*(_known(chain, address) for address in found[:MOST_OWNERS])))


async def _named(chain: Chain, token: str, name: str) -> str:
    return _address(await _number(chain, token, name))


async def _number(chain: Chain, address: str, name: str) -> int:
    """What a function without arguments gives; 0 where there is none."""
    try:
        (value,) = await chain.read(address, f"{name}()(uint256)")
    except (CallReverted, CodecError):
        return 0
    return int(value)


async def _known(chain: Chain, address: str) -> Owner:
    code = await chain.code(address)
    if not code or code.startswith(b"\xef\x01\x00"):  # EIP-7702: a wallet that borrows code is a wallet
        return Owner(address=address)
    signatures, delay = await asyncio.gather(
        _number(chain, address, "getThreshold"), _number(chain, address, "getMinDelay")
    )
    if signatures:
        return Owner(address=address, kind="multisig", weight=min(signatures, 2**63))
    if delay:
        return Owner(address=address, kind="timelock", weight=min(delay, 2**63))
    return Owner(address=address, kind="contract")


def _address(word: int) -> str:
    return f"0x{word & (2**160 - 1):040x}"


def _plausible(address: str) -> bool:
    """Of a stored word: not a small number, nor one with no end of zeros, as a counter or an amount would look."""
    return int(address, 16) >= 2**128 and not address.endswith("0" * 10)


def _nobody(address: str) -> bool:
    """Zero, a precompile, or where people send what they burn: nobody has the key. So many digits can be found for no
    key; four or eight can, which would keep an owner from being tried."""
    return int(address, 16) < 2**64 or address.startswith("0xdead000000000000")

"""Who might rule a contract, and in what kind of hands it then is. Candidates, not proof: what each of them can do is
for others to try, or to read from the code."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Final, Literal

from sniper.errors import CallReverted, CodecError
from sniper.evm.abi import event_topic
from sniper.evm.proxies import ADMIN_SLOT, BEACON_SLOT, hexed, is_designated
from sniper.io import Chain
from sniper.plugin import Frozen

__all__ = ["Ruler", "Rulers", "is_nobody", "named", "ruler", "rulers"]

MOST: Final = 6
"""Of one contract that are told; the others are told to be there."""
NAMES: Final = ("owner", "getOwner", "admin", "governance", "beneficiary")
"""What a function that tells a ruler is called: ERC-173, BEP-20, proxies, governors, OpenZeppelin's wallets."""
FIRST_SLOTS: Final = 8
"""Storage slots that are looked at: owners are declared first, as a rule."""
TRANSFERRED: Final = event_topic("OwnershipTransferred(address,address)")
"""ERC-173."""
GRANTED: Final = event_topic("RoleGranted(bytes32,address,address)")
"""Of OpenZeppelin's AccessControl: the role, who has it, who gave it."""
A_DAY: Final = 86_400
LARGEST: Final = 2**63
"""What a contract can claim of itself: more is no evidence, and has no encoding."""
_DEAD: Final = 0xDEAD000000000000000042069420694206942069

Kind = Literal["nobody", "wallet", "multisig", "timelock", "contract"]


class Ruler(Frozen):
    """``kind``: ``nobody`` (renounced), ``wallet`` (one key decides), ``multisig`` (``weight`` signatures),
    ``timelock`` (``weight`` seconds pass first) or ``contract`` (of which nothing is known)."""

    address: str
    kind: Kind = "wallet"
    weight: int = 0

    @property
    def shared(self) -> bool:
        """Whether nobody can act alone and at once."""
        return (self.kind == "multisig" and self.weight >= 2) or (self.kind == "timelock" and self.weight >= A_DAY)


class Rulers(Frozen):
    """``left_out``: how many more there might be."""

    found: tuple[Ruler, ...]
    left_out: int = 0


def is_nobody(address: str) -> bool:
    """Whether nobody can have the key: zero, the precompiles, ``0x…dead`` and the other one to which people
    send what they burn. An address of which some digits are such is somebody's: four or eight can be searched for."""
    number = int(address, 16)
    return number < 2**16 or number == _DEAD


async def ruler(chain: Chain, address: str, waits: Callable[[], Awaitable[bool]] | None = None) -> Ruler:
    """In what kind of hands what ``address`` rules is. ``waits``: proves of a timelock that it does; where left out,
    its word is taken for it. Raises `RpcError`, and what ``waits`` raises."""
    if is_nobody(address):
        return Ruler(address=address, kind="nobody")
    code = await chain.code(address)
    if not code or is_designated(code):  # a wallet that borrows code is a wallet
        return Ruler(address=address)
    threshold, required, members, minimum, delay = await asyncio.gather(
        *(_asked(chain, address, f"{name}()(uint256)") for name in ("getThreshold", "required")),
        _asked(chain, address, "getOwners()(address[])"),
        *(_asked(chain, address, f"{name}()(uint256)") for name in ("getMinDelay", "delay")),
    )
    signatures = threshold or required  # of a Safe, and of the wallet before it
    people = {str(each).lower() for each in members or ()}
    if signatures and signatures <= len([each for each in people if not is_nobody(each)]):
        return Ruler(address=address, kind="multisig", weight=min(signatures, LARGEST))
    seconds = minimum or delay  # OpenZeppelin's and Compound's, and what asks to be taken for one
    if seconds and (waits is None or await waits()):
        return Ruler(address=address, kind="timelock", weight=min(seconds, LARGEST))
    return Ruler(address=address, kind="contract")


async def rulers(
    chain: Chain,
    contract: str,
    *,
    known: Iterable[str] = (),
    constants: Iterable[str] = (),
    but: Iterable[str] = (),
    first: int = 0,
) -> Rulers:
    """Whom a contract names, and a beacon of it; ``known``; whom it stores; ``constants`` of its code; and whom it
    named before, or gave a role, by its logs from the block ``first`` on. In this order, never ``but``.

    Raises `RpcError`.
    """
    told, slots, logs = await asyncio.gather(
        named(chain, contract),
        asyncio.gather(*(chain.storage(contract, slot) for slot in (ADMIN_SLOT, BEACON_SLOT, *range(FIRST_SLOTS)))),
        chain.logs(address=contract, topics=[[TRANSFERRED, GRANTED]], first=first),
    )
    admin, beacon, *others = slots
    if beacon:
        told += await named(chain, hexed(beacon))
    stored = [address for word in (admin, *others) for address in _stored(word)]
    past = [_topic(topic) for log in logs for topic in log.topics[1:] if int(topic, 16) < 2**160]
    # Logs last: a contract may write as many names into them as it likes, and whom it obeys is not first then.
    every = (*told, *known, *stored, *constants, *past)
    left = {each.lower() for each in but}
    found = [each for each in dict.fromkeys(each.lower() for each in every if each) if each not in left]
    found = [each for each in found if not is_nobody(each)]
    return Rulers(
        found=tuple(await asyncio.gather(*(ruler(chain, address) for address in found[:MOST]))),
        left_out=len(found[MOST:]),
    )


async def named(chain: Chain, contract: str) -> list[str]:
    """Whom a contract names as its owner, and the like; who has renounced is none. Raises `RpcError`."""
    words = await asyncio.gather(*(_asked(chain, contract, f"{name}()(uint256)") for name in NAMES))
    found = dict.fromkeys(hexed(word) for word in words if word)
    return [each for each in found if not is_nobody(each)]


async def _asked(chain: Chain, address: str, question: str) -> Any:
    """What a function without arguments gives; None where there is none. Any: as in `Chain.read`."""
    try:
        (value,) = await chain.read(address, question)
    except (CallReverted, CodecError):
        return None
    return value


def _topic(topic: str) -> str:
    return "0x" + topic[-40:]


def _stored(word: int) -> list[str]:
    """Addresses that a word may hold, alone, below something else or above a flag: no small number, nor one with no end
    of zeros, as a counter or an amount would look."""
    flagged = word >= 2**160 or word & 0xFF <= 1
    each = [hexed(word >> shift) for shift in ((0, 8) if flagged else (0,))]
    return [address for address in each if int(address, 16) >= 2**128 and not address.endswith("0" * 10)]

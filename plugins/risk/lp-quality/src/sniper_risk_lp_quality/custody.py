"""In whose hands something is: nobody's, a lock's until a date, or somebody's who can take it away at any time.

A lock is recognised by what it does, never by its name or address: it tells a date, its code cannot be exchanged, and
nothing that anybody who might rule it calls brings the date forward or lets go of what it holds. Everything else that
has code is a contract of which nothing is known.
"""

from typing import Any, Final, Literal

from sniper.errors import CallReverted, CodecError
from sniper.evm.abi import event_topic, function
from sniper.evm.proxies import is_designated, minimal
from sniper.evm.rulers import is_nobody, rulers
from sniper.evm.surface import surface
from sniper.io import Chain, Io
from sniper.plugin import Frozen
from sniper_risk_lp_quality.keys import Attempts, Watch, opcodes, try_keys, wanted
from sniper_risk_lp_quality.launch import from_word, word

Kind = Literal["burnt", "locked", "wallet", "contract"]

NAMES: Final = (
    "unlockTime",
    "unlockDate",
    "unlockTimestamp",
    "unlockAt",
    "unlock_time",
    "lockedUntil",
    "lockUntil",
    "lockEnd",
    "releaseTime",
    "releaseDate",
    "getUnlockTime",
)
"""What a function that tells the date of a whole lock is called. ``releaseTime`` is that of OpenZeppelin's
TokenTimelock."""
MOST_RECORDS: Final = 16
LATEST: Final = 2**40
"""Seconds UTC: a number beyond it is no date."""
EARLIEST: Final = 1_000_000_000
"""Seconds UTC: a number below it is a duration or a count."""

APPROVAL: Final = event_topic("Approval(address,address,uint256)")
FOR_ALL: Final = event_topic("ApprovalForAll(address,address,bool)")

_STRANGER: Final = "0x" + "57a9e4" * 6 + "57a9"


class Part(Frozen):
    """Something in one hand.

    amount  LP tokens, token base units, or value: what the parts are parts of says which.
    until   Of a lock: seconds UTC.
    how     How it is known, for people.
    """

    holder: str
    kind: Kind
    amount: int
    until: int = 0
    how: str = ""


class Held(Frozen):
    """What is in one hand.

    asset    The contract that says so: an ERC-20, or a manager of V3 positions.
    amount   As in `Part`.
    watches  What must not change when it is locked.
    number   What an owner would name: an amount of base units, or the id of a position.
    """

    asset: str
    amount: int
    watches: tuple[Watch, ...]
    number: int


class Lock(Frozen):
    """``amount``: of what is held, None: all of it. ``watch``: where its date is. ``owner``: who may withdraw."""

    until: int
    watch: Watch
    amount: int | None = None
    owner: str = ""


def balance(asset: str, holder: str, amount: int) -> Held:
    """What a holder has of an ERC-20."""
    watch = Watch(to=asset, data=function("balanceOf(address)").encode(holder))
    return Held(asset=asset, amount=amount, watches=(watch,), number=amount)


async def custody(
    io: Io, chain: Chain, chain_id: int, holder: str, held: Held, people: tuple[str, ...], first: int
) -> list[Part]:
    """The parts of ``held``; ``people``: who might rule the holder, besides those whom it names itself; ``first``: the
    block from which approvals are looked for. Raises `RpcError` and `ComputeError`."""
    if is_nobody(holder):
        return [Part(holder=holder, kind="burnt", amount=held.amount, how="nobody has the key of this address")]
    code = await chain.code(holder)
    if not code or is_designated(code):  # a wallet that borrows code is a wallet
        return [Part(holder=holder, kind="wallet", amount=held.amount)]
    clone = minimal(code)
    if clone:
        code = await chain.code(clone)
    locks = await _locks(chain, holder, held.asset) if held.watches else []
    if not locks:
        how = "a contract that tells no date"
        return [Part(holder=holder, kind="contract", amount=held.amount, how=how)]
    opened, tried = await _allowed(chain, holder, held, first), ""
    if not opened:
        opened, tried = await _opened(io, chain, chain_id, holder, code, held, locks, people, first)
    if opened:
        return [Part(holder=holder, kind="contract", amount=held.amount, how=opened)]
    parts, left = [], held.amount
    for lock in locks:
        amount = left if lock.amount is None else min(left, lock.amount)
        left -= amount
        how = f"{lock.watch.name} is {lock.until}; {tried}"
        parts.append(Part(holder=holder, kind="locked", amount=amount, until=lock.until, how=how))
    if left:
        parts.append(Part(holder=holder, kind="contract", amount=left, how="in a lock, but not locked"))
    return [part for part in parts if part.amount]


async def _opened(
    io: Io,
    chain: Chain,
    chain_id: int,
    holder: str,
    code: bytes,
    held: Held,
    locks: list[Lock],
    people: tuple[str, ...],
    first: int,
) -> tuple[str, str]:
    """How the lock can be opened before its date, empty where no way was found; and what was tried."""
    exchanged = opcodes(code)
    if exchanged:
        return f"its code has {', '.join(exchanged)}, so it is not sure what it will do", ""
    found = await io.compute(surface, code)
    who = await rulers(
        chain,
        holder,
        known=(*(lock.owner for lock in locks), *people),
        constants=found.constants,
        but=(holder, held.asset),
        first=first,
    )
    attempts = Attempts(
        locker=holder,
        asset=held.asset,
        numbers=(0, min(lock.until for lock in locks) - 1, held.number, 1),
        callers=(*(each.address for each in who.found), _STRANGER),
        functions=wanted(found.functions),
        watches=(*held.watches, *(lock.watch for lock in locks)),
    )
    tried = await io.simulate(chain_id, try_keys, attempts)
    most = f"{len(who.found)} of {len(who.found) + who.left_out} who might rule it"
    return tried.opened, f"{tried.calls} of {tried.of} calls by {most} opened nothing"


async def _allowed(chain: Chain, holder: str, held: Held, first: int) -> str:
    """Whom the holder lets take it, by approvals of ERC-20 and ERC-721 that still hold; empty: nobody was found."""
    given = await chain.logs(address=held.asset, topics=[[APPROVAL, FOR_ALL], word(holder)], first=first)
    for spender in dict.fromkeys(from_word(log.topics[2]) for log in given if len(log.topics) == 3):
        for question in ("allowance(address,address)(uint256)", "isApprovedForAll(address,address)(uint256)"):
            answer = await _asked(chain, held.asset, question, holder, spender)
            if answer and answer[0]:
                return f"it lets {spender} take it: {question.partition('(')[0]}"
    one = await _asked(chain, held.asset, "getApproved(uint256)(address)", held.number)
    return f"it lets {one[0]} take it: getApproved" if one and not is_nobody(one[0]) else ""


async def _locks(chain: Chain, holder: str, asset: str) -> list[Lock]:
    for arguments in ((), (asset,)):
        for name in NAMES:
            signature = f"{name}({'address' if arguments else ''})"
            until = await _asked(chain, holder, f"{signature}(uint256)", *arguments)
            if until and EARLIEST <= until[0] <= LATEST:
                data = function(signature).encode(*arguments)
                return [Lock(until=until[0], watch=Watch(to=holder, data=data, name=signature))]
    return await _recorded(chain, holder, asset)


async def _recorded(chain: Chain, holder: str, asset: str) -> list[Lock]:
    """Locks of many people's tokens, as the lockers that ``getNumLocksForToken`` is known from keep them:
    ``tokenLocks`` gives when it was locked, how much is left, how much it was, until when, a number, whose it is."""
    count = await _asked(chain, holder, "getNumLocksForToken(address)(uint256)", asset)
    locks = []
    for index in range(min(count[0], MOST_RECORDS) if count else 0):
        signature = "tokenLocks(address,uint256)"
        kept = await _asked(
            chain, holder, f"{signature}(uint256,uint256,uint256,uint256,uint256,address)", asset, index
        )
        if kept and EARLIEST <= kept[3] <= LATEST:
            watch = Watch(to=holder, data=function(signature).encode(asset, index), word=3, name=signature)
            locks.append(Lock(until=kept[3], watch=watch, amount=kept[1], owner=kept[5]))
    return locks


async def _asked(chain: Chain, address: str, signature: str, *arguments: object) -> tuple[Any, ...]:
    """Empty where the contract has no such function. Any: as in `Chain.read`."""
    try:
        return await chain.read(address, signature, *arguments)
    except (CallReverted, CodecError):
        return ()

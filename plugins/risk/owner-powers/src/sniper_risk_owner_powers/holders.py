"""Who holds a role now: nobody, an account, a multisig, a timelock or another contract."""

from collections.abc import Iterable
from typing import Final, Literal

import evmole

from sniper.errors import CallReverted
from sniper.evm.keccak import keccak256
from sniper.io import Chain, Io
from sniper.plugin import Frozen
from sniper_risk_owner_powers.code import LARGEST
from sniper_risk_owner_powers.proxies import behind, hexed
from sniper_risk_owner_powers.report import Guard
from sniper_risk_owner_powers.terms import ADDRESS

NOBODY: Final = frozenset({0, 0xDEAD})
"""Addresses for which nobody can sign."""

MOST: Final = 24
"""Roles that are looked up for one token."""


class Holder(Frozen):
    """kind    ``nobody``, ``account``, ``multisig``, ``timelock``, ``contract``.
    number   Signatures that a multisig needs; seconds that a timelock waits; else 0.
    """

    variable: str
    address: str
    kind: Literal["nobody", "account", "multisig", "timelock", "contract"]
    number: int = 0


class Functions(Frozen):
    selectors: tuple[str, ...]


def functions(codes: tuple[bytes, ...]) -> Functions:
    """Selectors of all functions in several pieces of code. Pure."""
    found: set[str] = set()
    for code in codes:
        if len(code) <= LARGEST:
            found.update(f.selector for f in evmole.contract_info(code, selectors=True).functions or ())
    return Functions(selectors=tuple(sorted(found)))


def _selectors(*signatures: str) -> frozenset[str]:
    return frozenset(keccak256(signature.encode())[:4].hex() for signature in signatures)


_EXECUTE = "execTransaction(address,uint256,bytes,uint8,uint256,uint256,uint256,address,address,bytes)"
KINDS: Final[tuple[tuple[Literal["multisig", "timelock"], frozenset[str], str], ...]] = (
    ("multisig", _selectors("getOwners()", "getThreshold()", _EXECUTE), "getThreshold()(uint256)"),
    ("multisig", _selectors("getOwners()", "required()", "confirmTransaction(uint256)"), "required()(uint256)"),
    ("timelock", _selectors("getMinDelay()", "schedule(address,uint256,bytes,bytes32,bytes32,uint256)"),
     "getMinDelay()(uint256)"),
    ("timelock", _selectors("delay()", "queueTransaction(address,uint256,string,bytes,uint256)"), "delay()(uint256)"),
)  # fmt: skip
"""Safe, the older multisig wallet, OpenZeppelin's and Compound's timelocks: functions that they have, and what tells
the signatures or the seconds."""


async def holders(io: Io, chain: Chain, token: str, guards: Iterable[Guard]) -> tuple[Holder, ...]:
    """Of each role that is in one storage slot, or in the code. Raises `RpcError` and `ComputeError`."""
    found: dict[str, Holder] = {}
    for guard in guards:
        if guard.variable in found or len(found) == MOST:
            continue
        if guard.kind == "constant":
            address = int(guard.variable, 16)
        elif guard.kind == "slot" and (at := located(guard.variable)) is not None:
            address = await chain.storage(token, at[0]) >> at[1] & ADDRESS
        else:
            continue
        found[guard.variable] = await _holder(io, chain, guard.variable, address)
    return tuple(found.values())


def located(variable: str) -> tuple[int, int] | None:
    """Slot and lowest bit of a variable that is neither in a mapping nor in an array."""
    path, _, shift = variable.partition("@")
    base, _, offset = path.partition("+")
    try:
        return (int(base, 0) + int(offset or "0", 0)) % 2**256, int(shift or "0")
    except ValueError:
        return None


async def _holder(io: Io, chain: Chain, variable: str, address: int) -> Holder:
    where = hexed(address)
    if address in NOBODY:
        return Holder(variable=variable, address=where, kind="nobody")
    if not await chain.code(where):
        return Holder(variable=variable, address=where, kind="account")
    codes = (await behind(io, chain, where)).codes
    has = set((await io.compute(functions, tuple(codes))).selectors)
    for kind, wanted, question in KINDS:
        if wanted <= has:
            try:
                (number,) = await chain.read(where, question)
            except CallReverted:
                continue  # it has the functions and does not answer: it is no such contract
            return Holder(variable=variable, address=where, kind=kind, number=int(number))
    return Holder(variable=variable, address=where, kind="contract")

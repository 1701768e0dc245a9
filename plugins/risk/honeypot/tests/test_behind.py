"""Whose functions are tried where a token's code is behind something else, and as whom."""

from collections.abc import Callable
from typing import Any

import pytest

from sniper.errors import CallReverted
from sniper.evm.abi import function
from sniper.evm.proxies import BEACON_SLOT, IMPLEMENTATION_SLOT
from sniper.types import split_asset
from sniper_risk_honeypot.check import Honeypot, HoneypotConfig, Trying
from sniper_risk_honeypot.trials import Case, Trial, Trials
from sniper_sdk.builders import TOKEN, entry
from sniper_sdk.zoo import contract

HERE = split_asset(TOKEN)[1]
BEACON, FIRST, SECOND, OWNER = ("0x" + each * 20 for each in ("be", "11", "22", "c0"))
PROXY = bytes.fromhex("5af4")
BLACKLIST = function("blacklist(address[])").selector


def runtime(name: str) -> bytes:
    code = contract(name).bytecode
    return code[code.index(bytes.fromhex("6080604052"), 5) :]


class World:
    """An `Io` and its chain that note what is to be played. Any: it stands for what is asked of them."""

    block = 7

    def __init__(self, words: dict[int, str], answers: dict[tuple[str, str], Any], here: bytes = PROXY) -> None:
        self.codes = {HERE: here, FIRST: runtime("BlacklistToken"), SECOND: b"\x00", BEACON: b"\x00"}
        self.words, self.answers, self.cases = words, answers, list[Case]()

    async def chain(self, chain_id: int) -> "World":
        return self

    async def code(self, address: str) -> bytes:
        return self.codes.get(address, b"")

    async def storage(self, address: str, slot: int) -> int:
        return int(self.words.get(slot, "0x0"), 16) if address == HERE else 0

    async def logs(self, **asked: Any) -> list[Any]:
        return []

    async def read(self, address: str, signature: str) -> tuple[Any]:
        answer = self.answers.get((address, signature.partition("(")[0]))
        if answer is None:
            raise CallReverted(f"{address} has no {signature}")
        return (answer,)

    async def compute(self, computed: Callable[..., Any], *args: Any) -> Any:
        return computed(*args)

    async def simulate(self, chain_id: int, scenario: Callable[..., Any], case: Case) -> Trials:
        self.cases.append(case)
        return Trials(bought=Trial(failed="buy"))


async def probed(world: World) -> Trying:
    return await Honeypot(config=HoneypotConfig()).probe(entry(10**18), world)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "world",
    [
        World({IMPLEMENTATION_SLOT: FIRST}, {(HERE, "owner"): int(OWNER, 16)}),
        World({BEACON_SLOT: BEACON}, {(BEACON, "implementation"): FIRST, (BEACON, "owner"): int(OWNER, 16)}),
        World({}, {(HERE, "facetAddresses"): (SECOND, FIRST), (HERE, "owner"): int(OWNER, 16)}),
    ],
    ids=["proxy", "beacon", "diamond"],
)
async def test_functions_behind_a_proxy_are_tried_as_its_owners(world: World) -> None:
    found = await probed(world)
    (case,) = world.cases
    assert BLACKLIST in {each.selector for each in case.functions}
    assert case.owners[0] == OWNER
    assert not found.unresolved


async def test_code_that_cannot_be_found_is_told() -> None:
    found = await probed(World({BEACON_SLOT: BEACON}, {}))
    assert "cannot be found" in found.unresolved


async def test_possible_owners_without_room_are_counted() -> None:
    slots = {slot: f"0x{slot + 1:02x}{'5c' * 19}" for slot in range(8)}
    found = await probed(World({**slots, IMPLEMENTATION_SLOT: FIRST}, {}))
    assert (len(found.owners), found.owners_left_out) == (6, 2)

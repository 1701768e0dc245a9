"""What runs behind an address, by the standards that proxies keep to."""

from typing import Any

import pytest

from sniper.errors import CallReverted
from sniper.evm.keccak import keccak256
from sniper.evm.proxies import BEACON_SLOT, IMPLEMENTATION_SLOT, MOST, behind, cloned, minimal

PROXY, BEACON, FIRST, SECOND = ("0x" + each * 20 for each in ("aa", "be", "11", "22"))
DELEGATES, PLAIN = b"\x5a\xf4", b"\x00"


def clone(to: str, begin: str = "363d3d373d3d3d363d73", end: str = "5af43d82803e903d91602b57fd5bf3") -> bytes:
    return bytes.fromhex(begin + to[2:] + end)


class State:
    """Code, storage and answers that are written down. Any: it stands for what is asked of a `Chain`."""

    def __init__(
        self,
        codes: dict[str, bytes],
        words: dict[tuple[str, int], str] | None = None,
        answers: dict[tuple[str, str], Any] | None = None,
    ) -> None:
        self.codes, self.words, self.answers = codes, words or {}, answers or {}

    async def code(self, address: str) -> bytes:
        return self.codes.get(address, b"")

    async def storage(self, address: str, slot: int) -> int:
        return int(self.words.get((address, slot), "0x0"), 16)

    async def read(self, address: str, signature: str) -> tuple[Any]:
        answer = self.answers.get((address, signature.partition("(")[0]))
        if answer is None:
            raise CallReverted(f"{address} has no {signature}")
        return (answer,)


BOTH = {PROXY: DELEGATES, FIRST: PLAIN}


@pytest.mark.parametrize(
    "state",
    [
        State({**BOTH, PROXY: clone(FIRST)}),
        State({**BOTH, PROXY: clone(FIRST, "365f5f375f5f365f73", "5af43d5f5f3e5f3d91602a57fd5bf3")}),
        State({**BOTH, PROXY: bytes.fromhex("ef0100" + FIRST[2:])}),
        State(BOTH, {(PROXY, IMPLEMENTATION_SLOT): FIRST}),
        State(BOTH, {(PROXY, BEACON_SLOT): BEACON}, {(BEACON, "implementation"): FIRST}),
        State({**BOTH, PROXY: keccak256(b"masterCopy()")[:4] + DELEGATES}, {(PROXY, 0): FIRST}),
        State(BOTH, answers={(PROXY, "facetAddresses"): (FIRST,)}),
        State(BOTH, answers={(PROXY, "facets"): ((FIRST, (b"abcd",)),)}),
    ],
    ids=["EIP-1167", "EIP-1167 with PUSH0", "EIP-7702", "EIP-1967", "beacon", "Safe", "EIP-2535", "EIP-2535 facets"],
)
async def test_what_a_proxy_hands_its_calls_on_to_is_found(state: Any) -> None:
    found = await behind(state, PROXY)
    assert (found.addresses, found.codes[1], found.unresolved) == ((PROXY, FIRST), PLAIN, "")


async def test_a_proxy_behind_a_proxy_keeps_to_the_storage_of_the_first() -> None:
    state: Any = State({PROXY: clone(FIRST), FIRST: DELEGATES, SECOND: PLAIN}, {(PROXY, IMPLEMENTATION_SLOT): SECOND})
    assert (await behind(state, PROXY)).addresses == (PROXY, FIRST, SECOND)


async def test_what_delegates_nothing_is_not_asked_for_more() -> None:
    state: Any = State({PROXY: PLAIN}, {(PROXY, IMPLEMENTATION_SLOT): FIRST})
    assert (await behind(state, PROXY)).addresses == (PROXY,)


@pytest.mark.parametrize(
    ("state", "why"),
    [
        (State({}), "there is no code at"),
        (State({PROXY: clone(FIRST)}), "there is no code at"),
        (State({f"0x{n:040x}": clone(f"0x{n + 1:040x}") for n in range(1, 2 * MOST)}), "more than"),
        (State({PROXY: DELEGATES}, {(PROXY, BEACON_SLOT): BEACON}), "cannot be found"),
    ],
)
async def test_what_cannot_be_found_is_told(state: Any, why: str) -> None:
    found = await behind(state, PROXY if PROXY in state.codes else f"0x{1:040x}")
    assert why in found.unresolved
    assert len(found.codes) <= MOST


def test_a_contract_with_an_address_in_its_code_is_no_clone() -> None:
    assert cloned(bytes.fromhex("6080604052" + "73" + "11" * 20 + "31" + "00" * 40)) == ""


def test_only_what_hands_on_each_call_and_nothing_else_is_a_minimal_proxy() -> None:
    assert minimal(clone(FIRST)) == FIRST
    assert minimal(clone(FIRST) + b"data of its own") == FIRST
    assert minimal(clone(FIRST, "365f5f375f5f365f73", "5af43d5f5f3e5f3d91602a57fd5bf3")) == FIRST
    # PUSH1(26) JUMP, what never runs, JUMPDEST, and anything.
    skipped = bytes.fromhex("601a5673" + FIRST[2:] + "5af45b") + PLAIN
    assert cloned(skipped) == FIRST
    assert minimal(skipped) == minimal(clone(FIRST)[:-1]) == minimal(b"") == ""

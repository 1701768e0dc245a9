"""Who is taken for an owner, and who cannot hide from it."""

from types import SimpleNamespace
from typing import Any

import pytest

from sniper.errors import CallReverted
from sniper.evm.proxies import ADMIN_SLOT, BEACON_SLOT
from sniper.evm.rulers import MOST, Ruler, ruler, rulers

TOKEN = "0x" + "0b" * 20


class State:
    """Contracts that name, store and log whom they are told to. Any: it stands for what is asked of a `Chain`."""

    def __init__(
        self,
        *,
        owner: str = "",
        slots: tuple[str, ...] = (),
        past: tuple[str, ...] = (),
        words: dict[int, str] | None = None,
        codes: dict[str, bytes] | None = None,
        answers: dict[tuple[str, str], Any] | None = None,
    ) -> None:
        self.words = {**dict(enumerate(slots)), **(words or {})}
        self.past, self.codes, self.answers = past, codes or {}, answers or {}
        if owner:
            self.answers[TOKEN, "owner"] = int(owner, 16)

    async def read(self, address: str, signature: str) -> tuple[Any]:
        answer = self.answers.get((address, signature.partition("(")[0]))
        if answer is None:
            raise CallReverted("no such function")
        return (answer,)

    async def storage(self, address: str, slot: int) -> int:
        return int(self.words.get(slot, "0x0"), 16)

    async def logs(self, **asked: Any) -> list[Any]:
        return [SimpleNamespace(topics=("", "0x" + "00" * 32, "0x" + each[2:].rjust(64, "0"))) for each in self.past]

    async def code(self, address: str) -> bytes:
        return self.codes.get(address, b"")


async def found(state: Any) -> list[str]:
    return [each.address for each in (await rulers(state, TOKEN, but=(TOKEN,))).found]


@pytest.mark.parametrize("begins", ["dead", "0000000000dead", "00000000"])
async def test_an_owner_with_a_found_address_does_not_pass_for_nobody(begins: str) -> None:
    owner = "0x" + begins.ljust(40, "7")
    assert await found(State(owner=owner)) == [owner]


@pytest.mark.parametrize(
    "nobody", ["0x" + "00" * 20, "0x" + "dead".rjust(40, "0"), "0xdead000000000000000042069420694206942069"]
)
async def test_nobody_is_no_owner(nobody: str) -> None:
    assert await found(State(owner=nobody)) == []


async def test_names_in_logs_do_not_crowd_out_who_is_stored() -> None:
    owner = "0x" + "7a" * 20
    decoys = tuple(f"0x{n:02x}{'5c' * 19}" for n in range(1, 2 * MOST))
    assert (await found(State(slots=(owner,), past=decoys)))[0] == owner


async def test_stored_numbers_are_no_owners() -> None:
    assert await found(State(slots=(hex(10**27), hex(18)))) == []


async def test_whom_there_is_no_room_for_is_counted() -> None:
    people = tuple(f"0x{n:02x}{'5c' * 19}" for n in range(1, MOST + 4))
    assert (await rulers(State(slots=people[:5], past=people[5:]), TOKEN)).left_out == 3  # type: ignore[arg-type]


async def test_the_admin_of_a_proxy_and_the_owner_of_its_beacon_are_among_them() -> None:
    admin, beacon, owner = ("0x" + each * 20 for each in ("a1", "be", "c2"))
    state = State(words={ADMIN_SLOT: admin, BEACON_SLOT: beacon}, answers={(beacon, "owner"): int(owner, 16)})
    assert await found(state) == [owner, admin]


MEMBERS = tuple("0x" + each * 20 for each in ("a1", "b2", "c3"))


@pytest.mark.parametrize(
    ("answers", "kind", "weight"),
    [
        ({"getThreshold": 2, "getOwners": MEMBERS}, "multisig", 2),
        ({"required": 3, "getOwners": MEMBERS}, "multisig", 3),
        ({"getThreshold": 2}, "contract", 0),
        ({"getThreshold": 2, "getOwners": MEMBERS[:1] * 2}, "contract", 0),
        ({"getMinDelay": 86_400}, "timelock", 86_400),
        ({"delay": 60}, "timelock", 60),
        ({}, "contract", 0),
    ],
)
async def test_in_whose_hands_it_is(answers: dict[str, Any], kind: str, weight: int) -> None:
    who = "0x" + "ab" * 20
    state: Any = State(codes={who: b"\x00"}, answers={(who, name): answer for name, answer in answers.items()})
    assert await ruler(state, who) == Ruler(address=who, kind=kind, weight=weight)  # type: ignore[arg-type]


async def test_a_timelock_that_is_proven_not_to_wait_is_a_contract() -> None:
    async def never() -> bool:
        return False

    who = "0x" + "ab" * 20
    state: Any = State(codes={who: b"\x00"}, answers={(who, "getMinDelay"): 86_400})
    assert (await ruler(state, who, never)).kind == "contract"


@pytest.mark.parametrize("code", [b"", bytes.fromhex("ef0100" + "cd" * 20)])
async def test_a_wallet_is_one_also_where_it_borrows_code(code: bytes) -> None:
    who = "0x" + "ab" * 20
    state: Any = State(codes={who: code})
    assert (await ruler(state, who)).kind == "wallet"


@pytest.mark.parametrize("word", ["{}", "07{}", "{}01", "00{}01"])
async def test_who_shares_a_slot_with_flags_is_found(word: str) -> None:
    owner = "7a" * 20
    assert "0x" + owner in await found(State(slots=("0x" + word.format(owner),)))

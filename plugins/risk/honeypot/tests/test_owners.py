"""Who is taken for an owner, and who cannot hide from it."""

from types import SimpleNamespace
from typing import Any

import pytest

from sniper.errors import CallReverted
from sniper_risk_honeypot.owners import ADMIN_SLOT, MOST_OWNERS, owners

TOKEN = "0x" + "0b" * 20


class State:
    """A token that names, stores and logs whom it is told to. Any: it stands for what is asked of a `Chain`."""

    def __init__(self, *, owner: str = "", slots: tuple[str, ...] = (), past: tuple[str, ...] = ()) -> None:
        self.owner, self.slots, self.past = owner, slots, past

    async def read(self, address: str, signature: str) -> tuple[int]:
        if address == TOKEN and signature.startswith("owner(") and self.owner:
            return (int(self.owner, 16),)
        raise CallReverted("no such function")

    async def storage(self, address: str, slot: int) -> int:
        return int(self.slots[slot], 16) if slot != ADMIN_SLOT and slot < len(self.slots) else 0

    async def logs(self, **asked: Any) -> list[Any]:
        return [SimpleNamespace(topics=("", "0x" + "00" * 32, "0x" + each[2:].rjust(64, "0"))) for each in self.past]

    async def code(self, address: str) -> bytes:
        return b""


async def found(state: Any) -> list[str]:
    return [each.address for each in await owners(state, TOKEN, (), (TOKEN,))]


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
    decoys = tuple(f"0x{n:02x}{'5c' * 19}" for n in range(1, 2 * MOST_OWNERS))
    assert (await found(State(slots=(owner,), past=decoys)))[0] == owner


async def test_stored_numbers_are_no_owners() -> None:
    assert await found(State(slots=(hex(10**27), hex(18)))) == []

"""What the signer reads in a call of the Universal Router."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sniper.evm.abi import function
from sniper.signer import KillLevel, SignerRefused
from sniper.signing.rules import Judge, parse_rules

EXECUTE = "execute(bytes,bytes[],uint256)"
THE_SENDER, THE_ROUTER = f"0x{1:040x}", f"0x{2:040x}"
V3, COLLECT, SWEEP, V2, WRAP, UNWRAP, V4 = 0x00, 0x02, 0x04, 0x08, 0x0B, 0x0C, 0x10
SINGLE, SETTLE, TAKE = 0x06, 0x0B, 0x0E


def written(fields: str, *values: Any) -> bytes:
    return function(f"input({fields})").encode(*values)[4:]


def command(number: int, to: str, token: str) -> bytes:
    match number:
        case 0x00:
            return written("address,uint256,uint256,bytes,bool", to, 5, 0, b"path", False)
        case 0x02:
            return written("address,address,uint160", token, to, 5)
        case 0x04:
            return written("address,address,uint256", token, to, 5)
        case 0x08:
            return written("address,uint256,uint256,address[],bool", to, 5, 0, [token, token], False)
        case 0x0B | 0x0C:
            return written("address,uint256", to, 5)
        case _:
            parameters = [
                written("address,uint256,bool", token, 5, False),
                written("bytes", b"a swap, which is not read"),
                written("address,address,uint256", token, to, 0),
            ]
            return written("bytes,bytes[]", bytes((SETTLE, SINGLE, TAKE)), parameters)


def call(*commands: tuple[int, bytes]) -> bytes:
    return function(EXECUTE).encode(bytes(number for number, _ in commands), [data for _, data in commands], 2**40)


def sign(world: Any, data: bytes) -> None:
    rules = parse_rules(world.rules(contracts={world.router: {EXECUTE: {"commands": True}}}), "here")
    Judge(rules).check(world.entry(data=data), KillLevel.OFF)


known = st.sampled_from([V3, COLLECT, SWEEP, V2, WRAP, UNWRAP, V4])


@settings(deadline=None)
@given(numbers=st.lists(known, max_size=6), data=st.data())
def test_commands_that_pay_the_sender_or_the_router_are_signed(world: Any, numbers: list[int], data: Any) -> None:
    ours = st.sampled_from([world.sender, THE_SENDER, THE_ROUTER])
    sign(world, call(*((number, command(number, data.draw(ours), world.token)) for number in numbers)))


@settings(deadline=None)
@given(
    before=st.lists(known, max_size=3), number=known, after=st.lists(known, max_size=3), to=st.integers(3, 2**160 - 1)
)
def test_one_command_that_pays_somebody_else_is_refused(
    world: Any, before: list[int], number: int, after: list[int], to: int
) -> None:
    stranger = f"0x{to:040x}"
    commands = [(each, command(each, world.sender, world.token)) for each in before]
    commands.append((number, command(number, stranger, world.token)))
    commands += [(each, command(each, world.sender, world.token)) for each in after]
    with pytest.raises(SignerRefused) as caught:
        sign(world, call(*commands))
    assert caught.value.rule == "recipient"
    assert stranger[2:] in caught.value.value


@pytest.mark.parametrize("number", [0x01, 0x03, 0x05, 0x06, 0x09, 0x0A, 0x0D, 0x12, 0x14, 0x21, 0x40, 0x80, 0x84, 0x90])
def test_a_command_that_is_not_known_is_refused(world: Any, number: int) -> None:
    """Plain transfers, portions, permits, sub-plans, bridges; and known ones that may fail (highest bit)."""
    with pytest.raises(SignerRefused) as caught:
        sign(world, call((number, command(SWEEP, world.sender, world.token))))
    assert caught.value.rule == "commands"


@pytest.mark.parametrize("action", [0x00, 0x07, 0x0C, 0x0F, 0x10, 0x11, 0x14, 0x17])
def test_an_action_that_is_not_known_is_refused(world: Any, action: int) -> None:
    swap = written(
        "bytes,bytes[]", bytes((action,)), [written("address,address,uint256", world.token, world.sender, 0)]
    )
    with pytest.raises(SignerRefused) as caught:
        sign(world, call((V4, swap)))
    assert caught.value.rule == "commands"


@settings(deadline=None)
@given(data=st.data())
def test_no_other_encoding_of_the_same_call_is_read(world: Any, data: Any) -> None:
    whole = call((V4, command(V4, world.sender, world.token)), (SWEEP, command(SWEEP, world.sender, world.token)))
    at = data.draw(st.integers(4, len(whole) - 1))
    changed = whole[:at] + bytes([data.draw(st.integers(0, 255))]) + whole[at + 1 :]
    cut, longer = whole[:at], whole + data.draw(st.binary(min_size=1, max_size=40))
    for other in (cut, longer):
        with pytest.raises(SignerRefused):
            sign(world, other)
    try:
        sign(world, changed)
    except SignerRefused:
        return
    # what is signed after all pays nobody else: amounts, tokens, the deadline and the swap itself are not judged
    assert world.sender[2:] in changed.hex()


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_bytes_that_are_no_call_are_refused_and_nothing_worse(world: Any, data: bytes) -> None:
    with pytest.raises(SignerRefused):
        sign(world, function(EXECUTE).selector + data)


def test_parts_that_overlap_are_refused_before_they_fill_the_memory(world: Any) -> None:
    word = world.word
    many = 3_000
    parts = word(96) + word(128) + word(2**40) + word(0) + word(many) + word(32 * many) * many + word(999) + bytes(999)
    with pytest.raises(SignerRefused) as caught:
        sign(world, function(EXECUTE).selector + parts)
    assert caught.value.rule == "commands"
    assert "overlap" in caught.value.value

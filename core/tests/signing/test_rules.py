from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sniper.evm.keccak import keccak256
from sniper.signer import KillLevel, SignerRefused, SignRequest
from sniper.signing.errors import RulesError
from sniper.signing.rules import Judge, load_rules, parse_rules

World = Any
"""The class of conftest, which tests cannot import."""

ALLOWED: list[Callable[[World], SignRequest]] = [
    lambda w: w.entry(),
    lambda w: w.entry(value=0),
    lambda w: w.entry(data=bytes.fromhex("12345678")),
    lambda w: w.entry(max_fee=w.ether // 100 // 200_000),
    lambda w: w.exit(),
    lambda w: w.approve(),
    lambda w: w.approve(to=w.permit2, data=w.permit2_data()),
    lambda w: w.cancel(),
    lambda w: w.transfer(),
    lambda w: w.transfer(to=w.dollar, value=0, data=w.transfer_data()),
]

REFUSED: list[tuple[str, Callable[[World], SignRequest]]] = [
    ("account", lambda w: w.entry(account="bob")),
    ("account", lambda w: w.entry(account="mallory")),
    ("account", lambda w: w.entry(sender=w.stranger)),
    ("chain", lambda w: w.entry(chain_id=1)),
    ("chain", lambda w: w.cancel(chain_id=1)),
    ("fee", lambda w: w.entry(max_priority_fee=2 * 10**9 + 1)),
    ("max-fee", lambda w: w.entry(max_fee=w.ether // 100 // 200_000 + 1)),
    ("max-fee", lambda w: w.exit(gas=5_000_001)),
    ("max-fee", lambda w: w.approve(gas=5_000_001)),
    ("max-fee", lambda w: w.cancel(gas=5_000_001)),
    ("destination", lambda w: w.entry(to=w.stranger)),
    ("destination", lambda w: w.exit(to=w.token)),
    ("destination", lambda w: w.entry(to="")),
    ("destination", lambda w: w.approve(data=w.permit2_data())),
    ("function", lambda w: w.entry(data=bytes.fromhex("deadbeef"))),
    ("function", lambda w: w.entry(data=b"")),
    ("function", lambda w: w.entry(data=bytes.fromhex("123456"))),
    ("function", lambda w: w.entry(to=w.permit2)),
    ("recipient", lambda w: w.entry(data=w.buy_data(w.stranger))),
    ("recipient", lambda w: w.entry(data=w.buy_data()[:80])),
    ("recipient", lambda w: w.exit(data=w.sell_data(w.stranger))),
    ("spender", lambda w: w.approve(data=w.approve_data(w.stranger))),
    ("spender", lambda w: w.approve(data=w.approve_data(f"0x01{'0' * 22}{w.router[2:]}"))),
    ("spender", lambda w: w.approve(data=w.approve_data()[:30])),
    ("spender", lambda w: w.approve(to=w.permit2, data=w.permit2_data(w.stranger))),
    ("purpose", lambda w: w.exit(value=1)),
    ("purpose", lambda w: w.approve(value=1)),
    ("purpose", lambda w: w.approve(data=w.buy_data())),
    ("purpose", lambda w: w.entry(to=w.token, data=w.approve_data())),
    ("purpose", lambda w: w.exit(to=w.token, data=w.approve_data())),
    ("purpose", lambda w: w.exit(to=w.permit2, data=w.permit2_data())),
    ("purpose", lambda w: w.cancel(to=w.router)),
    ("purpose", lambda w: w.cancel(value=1)),
    ("purpose", lambda w: w.cancel(data=b"\0")),
    ("recipient", lambda w: w.transfer(to=w.stranger)),
    ("recipient", lambda w: w.transfer(to=w.dollar, value=0, data=w.transfer_data(w.stranger))),
    ("transfer", lambda w: w.transfer(to=w.dollar, data=w.transfer_data())),
    ("transfer", lambda w: w.transfer(to=w.token, value=0, data=w.transfer_data())),
    ("transfer", lambda w: w.transfer(to=w.dollar, value=0, data=w.transfer_data() + b"\0")),
    ("transfer", lambda w: w.transfer(to=w.dollar, value=0, data=w.transfer_data(f"0x01{'0' * 22}{w.cold[2:]}"))),
    ("transfer", lambda w: w.transfer(to=w.cold, data=b"\1\2\3\4")),
    ("max-fee", lambda w: w.transfer(gas=5_000_001)),
]


def approval(world: World, amount: int, selector: str = "095ea7b3") -> SignRequest:
    data = bytes.fromhex(selector) + world.word(world.router) + world.word(amount)
    return world.approve(data=data)  # type: ignore[no-any-return]


def permit2(world: World, amount: int) -> SignRequest:
    words = (world.token, world.router, amount, 2**40)
    data = bytes.fromhex("87517c45") + b"".join(map(world.word, words))
    return world.approve(to=world.permit2, data=data)  # type: ignore[no-any-return]


def increase(world: World, amount: int) -> SignRequest:
    return approval(world, amount, "39509351")


def judge(world: World, **changes: Any) -> Judge:
    return Judge(parse_rules(world.rules(**changes), "here"))


@pytest.mark.parametrize("make", ALLOWED)
def test_what_the_rules_allow_passes(world: World, make: Callable[[World], SignRequest]) -> None:
    judge(world).check(make(world), KillLevel.OFF)


@pytest.mark.parametrize(("rule", "make"), REFUSED)
def test_what_a_rule_forbids_is_refused_by_that_rule(
    world: World, rule: str, make: Callable[[World], SignRequest]
) -> None:
    with pytest.raises(SignerRefused) as caught:
        judge(world).check(make(world), KillLevel.OFF)
    assert caught.value.rule == rule
    assert caught.value.code == "signer-refused"
    assert all(part in str(caught.value) for part in (rule, caught.value.value, caught.value.limit))


@pytest.mark.parametrize(
    ("level", "passing"),
    [
        (KillLevel.OFF, {"entry", "exit", "approve", "cancel"}),
        (KillLevel.NO_ENTRIES, {"exit", "approve", "cancel"}),
        (KillLevel.FLATTEN, {"exit", "approve", "cancel"}),
        (KillLevel.FREEZE, {"cancel"}),
    ],
)
def test_each_level_of_the_kill_switch_stops_what_it_says(world: World, level: KillLevel, passing: set[str]) -> None:
    for make in (world.entry, world.exit, world.approve, world.cancel):
        request = make()
        if request.purpose in passing:
            judge(world).check(request, level)
        else:
            with pytest.raises(SignerRefused) as caught:
                judge(world).check(request, level)
            assert caught.value.rule == "kill-switch"
            assert level.value in str(caught.value)


@given(max_fee=st.integers(0, 2**80), gas=st.integers(21_000, 2**40), limit=st.integers(0, 2**120))
def test_the_fee_ceiling_is_exact(world: World, max_fee: int, gas: int, limit: int) -> None:
    request = world.entry(max_fee=max_fee, max_priority_fee=0, gas=gas)
    if max_fee * gas <= limit:
        judge(world, max_fee=limit).check(request, KillLevel.OFF)
    else:
        with pytest.raises(SignerRefused, match="max-fee"):
            judge(world, max_fee=limit).check(request, KillLevel.OFF)


@given(
    data=st.binary(max_size=200), to=st.integers(0, 2**160 - 1), purpose=st.sampled_from(["entry", "exit", "approve"])
)
def test_no_bytes_reach_an_unknown_contract(world: World, data: bytes, to: int, purpose: str) -> None:
    """Only an approval to a known spender may go anywhere."""
    with pytest.raises(SignerRefused):
        judge(world).check(world.entry(to=f"0x{to:040x}", data=data, purpose=purpose, value=0), KillLevel.OFF)


def test_a_signature_and_its_selector_are_the_same_rule(world: World) -> None:
    selector = "0x" + keccak256(world.buy.encode())[:4].hex()
    judge(world, contracts={world.router.upper().replace("X", "x"): {selector: {"recipient": 2}}}).check(
        world.entry(), KillLevel.OFF
    )


def test_a_rules_file_is_read(world: World, tmp_path: Path) -> None:
    path = tmp_path / "rules.toml"
    path.write_text(
        f"""
        [accounts]
        alice = ["{world.sender}"]

        [chains.{world.chain}]
        max_fee = 10_000_000_000_000_000
        max_value = 1_000_000_000_000_000_000
        max_value_per_hour = 5_000_000_000_000_000_000
        max_value_per_day = 100_000_000_000_000_000_000
        spenders = ["{world.router}"]

        [chains.{world.chain}.contracts."{world.router}"]
        "{world.buy}" = {{ recipient = 2 }}
        """
    )
    rules = load_rules(path)
    Judge(rules).check(world.entry(), KillLevel.OFF)
    assert rules.chains[world.chain].max_value_per_day == 100 * world.ether


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"max_fee": "much"}, "max_fee"),
        ({"max_fee": -1}, "chains.31337.max_fee is -1"),
        ({"max_vlaue": 1}, "max_vlaue"),
        ({"spenders": ["router"]}, "'router' is no address"),
        ({"contracts": {"0x12": {}}}, "'0x12' is no address"),
        ({"contracts": {"0x" + "ab" * 20: {"swap": {}}}}, "'swap' is no selector"),
        ({"contracts": {"0x" + "ab" * 20: {"swap(uint7)": {}}}}, "no ABI signature"),
        ({"contracts": {"0x" + "ab" * 20: {"0x1234": {}}}}, "'0x1234' is no selector"),
        ({"contracts": {"0x" + "ab" * 20: {"0x12345678": {"recipient": "me"}}}}, "recipient"),
        ({"contracts": {"0x" + "ab" * 20: {"0x12345678": {"recipient": -1}}}}, "recipient"),
    ],
)
def test_rules_that_make_no_sense_are_named(world: World, change: dict[str, Any], said: str) -> None:
    with pytest.raises(RulesError, match=said):
        parse_rules(world.rules(**change), "here")


def test_a_sender_belongs_to_one_account(world: World) -> None:
    content = world.rules()
    content["accounts"]["bob"] = [world.sender]
    with pytest.raises(RulesError, match="belongs to 'alice' and 'bob'"):
        parse_rules(content, "here")


def test_a_rules_file_that_is_missing_or_no_toml_is_an_error_of_the_config(tmp_path: Path) -> None:
    with pytest.raises(RulesError, match="cannot be read"):
        load_rules(tmp_path / "none.toml")
    (tmp_path / "bad.toml").write_text("= 1")
    with pytest.raises(RulesError, match="are not TOML"):
        load_rules(tmp_path / "bad.toml")


TOKEN_LIMITS = {"max_value": 100, "max_value_per_hour": 200, "max_value_per_day": 300}


@pytest.mark.parametrize("make", [approval, increase, permit2])
def test_an_approval_of_a_listed_token_has_a_limit(world: World, make: Callable[[World, int], SignRequest]) -> None:
    for limits, most in ((TOKEN_LIMITS, 100), ({**TOKEN_LIMITS, "max_approval": 7}, 7)):
        ruling = judge(world, tokens={world.token.upper().replace("X", "x"): limits})
        ruling.check(make(world, most), KillLevel.OFF)
        with pytest.raises(SignerRefused) as caught:
            ruling.check(make(world, most + 1), KillLevel.OFF)
        assert (caught.value.rule, caught.value.limit) == ("approval", str(most))
        assert f"chains.31337.tokens.{world.token}.max_approval" in caught.value.remedy


@pytest.mark.parametrize("make", [approval, increase, permit2])
def test_a_token_that_is_not_listed_is_not_approved_without_limit(
    world: World, make: Callable[[World, int], SignRequest]
) -> None:
    judge(world).check(make(world, 2**128 - 1), KillLevel.OFF)
    with pytest.raises(SignerRefused, match="approval"):
        judge(world).check(make(world, 2**128), KillLevel.OFF)
    judge(world, unlimited_approvals=True).check(make(world, 2**160 - 1), KillLevel.OFF)


def test_an_approval_without_an_amount_is_refused(world: World) -> None:
    with pytest.raises(SignerRefused, match="approval"):
        judge(world).check(world.approve(data=world.approve_data()[:60]), KillLevel.OFF)


def test_increasing_an_allowance_is_an_approval_whatever_it_is_called(world: World) -> None:
    for purpose in ("entry", "exit"):
        request = world.entry(to=world.token, value=0, data=increase(world, 5).data, purpose=purpose)
        with pytest.raises(SignerRefused, match="purpose"):
            judge(world).check(request, KillLevel.OFF)


@pytest.mark.parametrize("field", [*TOKEN_LIMITS, "max_approval"])
def test_limits_of_a_token_below_zero_are_named(world: World, field: str) -> None:
    with pytest.raises(RulesError, match=rf"tokens\.0x.*\.{field} is -1"):
        parse_rules(world.rules(tokens={world.token: {**TOKEN_LIMITS, field: -1}}), "here")

"""EIP-712: hashed as other wallets hash it, read by our own definitions, judged like what it will become."""

import json
from typing import Any

import pytest
from eth_account.messages import _hash_eip191_message, encode_typed_data
from hypothesis import given, settings
from hypothesis import strategies as st

from sniper.errors import CodecError
from sniper.signer import KillLevel, SignerRefused, SignRequest
from sniper.signing.agreements import check
from sniper.signing.rules import Judge, RulesError, parse_rules
from sniper.signing.typed import KNOWN, document, parse

World = Any
"""The class of the sdk, as tests of signers have it."""

NOW = 1_700_000_000
SOON = NOW + 600
USDC, NFT, SEAPORT, SAFE, ZONE = (f"0x{digit * 40}" for digit in "37584")
ZERO = "0x" + "0" * 40

values = {
    "address": st.integers(0, 2**160 - 1).map(lambda n: f"0x{n:040x}"),
    "bytes32": st.binary(min_size=32, max_size=32).map(lambda b: f"0x{b.hex()}"),
    "bytes": st.binary(max_size=40).map(lambda b: f"0x{b.hex()}"),
}


def messages(kind: str, struct: str) -> st.SearchStrategy[dict[str, Any]]:
    def of(field: str) -> st.SearchStrategy[Any]:
        if field.endswith("[]"):
            return st.lists(of(field[:-2]), max_size=3)
        if field in KNOWN[kind]:
            return messages(kind, field)
        return values[field] if field in values else st.integers(0, 2 ** int(field[4:]) - 1)

    return st.fixed_dictionaries({name: of(field) for name, field in KNOWN[kind][struct]})


@settings(max_examples=80, deadline=None)
@given(data=st.data(), kind=st.sampled_from(sorted(KNOWN)), as_text=st.booleans(), versioned=st.booleans())
def test_the_digest_is_that_of_eth_account(data: st.DataObject, kind: str, as_text: bool, versioned: bool) -> None:
    message = data.draw(messages(kind, kind))
    domain: dict[str, Any] = {"name": "a name", "version": "2"} if versioned else {}
    domain |= {"chainId": data.draw(st.integers(1, 2**64)), "verifyingContract": data.draw(values["address"])}
    content = json.loads(document(kind, domain, message))
    types = {"name": "string", "version": "string", "chainId": "uint256", "verifyingContract": "address"}
    content["types"]["EIP712Domain"] = [{"name": name, "type": types[name]} for name in domain]
    expected = _hash_eip191_message(encode_typed_data(full_message=content))
    if as_text:
        content["domain"]["chainId"] = str(domain["chainId"])
    found = parse(json.dumps(content).encode())
    assert found.digest == expected
    assert (found.kind, found.chain_id, found.contract) == (kind, domain["chainId"], domain["verifyingContract"])


DOMAIN = {"name": "Permit2", "chainId": 31337, "verifyingContract": "0x" + "22" * 20}
SINGLE = {
    "details": {"token": USDC, "amount": 5, "expiration": SOON, "nonce": 0},
    "spender": "0x" + "ab" * 20,
    "sigDeadline": SOON,
}


def changed(**changes: Any) -> bytes:
    content = {**json.loads(document("PermitSingle", DOMAIN, SINGLE)), **changes}
    return json.dumps(content).encode()


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"{",
        b"[]",
        b"[" * 100_000,
        changed(primaryType="Mail"),
        changed(primaryType=None),
        changed(types={}),
        changed(types={**json.loads(changed())["types"], "Extra": []}),
        changed(types={"PermitSingle": [{"name": "spender", "type": "address"}]}),
        changed(types={"PermitSingle": "x"}),
        changed(domain={"name": "Permit2", "chainId": 1}),
        changed(domain={**DOMAIN, "chainId": 1.0}),
        changed(domain={**DOMAIN, "extra": 1}),
        changed(message={**SINGLE, "sigDeadline": True}),
        changed(message={**SINGLE, "sigDeadline": -1}),
        changed(message={**SINGLE, "sigDeadline": "much"}),
        changed(message={**SINGLE, "spender": "0x12"}),
        changed(message={**SINGLE, "spender": 12}),
        changed(message={**SINGLE, "extra": 1}),
        changed(message={**SINGLE, "details": []}),
    ],
)
def test_what_is_not_exactly_a_known_kind_is_not_read(payload: bytes) -> None:
    with pytest.raises(CodecError):
        parse(payload)


def test_types_that_were_swapped_are_not_believed() -> None:
    types = json.loads(changed())["types"]
    types["PermitSingle"][1]["name"], types["PermitSingle"][2]["name"] = "sigDeadline", "spender"
    with pytest.raises(CodecError, match="are not those of"):
        parse(changed(types=types))


# ---- judged ---------------------------------------------------------------------------------------


def rules(world: World, **changes: Any) -> dict[str, Any]:
    limits = {"max_value": 100, "max_value_per_hour": 200, "max_value_per_day": 300}
    typed = {
        world.permit2: ["PermitSingle", "PermitBatch", "PermitTransferFrom"],
        USDC: ["Permit"],
        SEAPORT: ["OrderComponents"],
        SAFE: ["SafeTx"],
    }
    collections = {NFT: {"currency": USDC, "min_price": 50, "max_price": 60}}
    found: dict[str, Any] = world.rules(tokens={USDC: limits}, typed=typed, collections=collections, **changes)
    found["accounts"]["alice"].append(SAFE)
    return found


def judged(
    world: World, kind: str, message: dict[str, Any], purpose: str, contract: str = "", level: KillLevel = KillLevel.OFF
) -> tuple[SignRequest, tuple[tuple[str, int], ...]]:
    at = contract or {"Permit": USDC, "OrderComponents": SEAPORT, "SafeTx": SAFE}.get(kind, world.permit2)
    typed = parse(document(kind, {"chainId": world.chain, "verifyingContract": at}, message))
    request = world.entry(purpose=purpose, value=0, data=b"", to=typed.contract)
    return check(typed, request, Judge(parse_rules(rules(world), "here")), level, NOW * 10**9)


def refusal(world: World, kind: str, message: dict[str, Any], purpose: str, contract: str = "") -> str:
    with pytest.raises(SignerRefused) as caught:
        judged(world, kind, message, purpose, contract)
    return caught.value.rule


def single(world: World, **changes: Any) -> dict[str, Any]:
    details = {"token": USDC, "amount": 100, "expiration": NOW + 3600, "nonce": 0}
    details |= {name: changes.pop(name) for name in list(changes) if name in details}
    return {"details": details, "spender": world.router, "sigDeadline": NOW + 3600, **changes}


def test_a_permit_of_permit2_is_judged_like_an_approval(world: World) -> None:
    assert judged(world, "PermitSingle", single(world), "approve")[1] == ()
    assert refusal(world, "PermitSingle", single(world, amount=101), "approve") == "approval"
    assert refusal(world, "PermitSingle", single(world, token=world.token, amount=2**160 - 1), "approve") == "approval"
    assert refusal(world, "PermitSingle", single(world, spender=world.stranger), "approve") == "spender"
    assert refusal(world, "PermitSingle", single(world, expiration=NOW + 3601), "approve") == "deadline"
    assert refusal(world, "PermitSingle", single(world, sigDeadline=NOW + 3601), "approve") == "deadline"
    assert refusal(world, "PermitSingle", single(world), "entry") == "purpose"
    assert refusal(world, "PermitSingle", single(world), "approve", world.stranger) == "typed-data"
    assert refusal(world, "PermitSingle", single(world), "approve", USDC) == "typed-data"


def test_each_permit_of_a_batch_is_judged(world: World) -> None:
    good, bad = single(world)["details"], single(world, amount=101)["details"]
    batch = {"details": [good, good], "spender": world.router, "sigDeadline": SOON}
    judged(world, "PermitBatch", batch, "approve")
    assert refusal(world, "PermitBatch", {**batch, "details": [good, bad]}, "approve") == "approval"


def test_a_transfer_by_permit_is_counted(world: World) -> None:
    message = {
        "permitted": {"token": USDC, "amount": 7},
        "spender": world.router,
        "nonce": 2**255,
        "deadline": SOON,
    }
    assert judged(world, "PermitTransferFrom", message, "entry")[1] == ((USDC, 7),)
    assert refusal(world, "PermitTransferFrom", {**message, "spender": world.stranger}, "entry") == "spender"
    assert refusal(world, "PermitTransferFrom", {**message, "deadline": 2**255}, "entry") == "deadline"
    assert refusal(world, "PermitTransferFrom", message, "approve") == "purpose"


def test_a_permit_of_a_token_is_judged_like_an_approval(world: World) -> None:
    message = {"owner": world.sender, "spender": world.router, "value": 100, "nonce": 0, "deadline": SOON}
    judged(world, "Permit", message, "approve")
    for change, rule in (
        ({"owner": world.stranger}, "owner"),
        ({"spender": world.stranger}, "spender"),
        ({"value": 101}, "approval"),
        ({"deadline": 2**256 - 1}, "deadline"),
    ):
        assert refusal(world, "Permit", {**message, **change}, "approve") == rule


def item(kind: int, token: str, amount: int, to: str | None = None, end: int | None = None) -> dict[str, Any]:
    found = {
        "itemType": kind,
        "token": token,
        "identifierOrCriteria": 9,
        "startAmount": amount,
        "endAmount": amount if end is None else end,
    }
    return found if to is None else {**found, "recipient": to}


def order(world: World, offer: list[Any], wanted: list[Any], **changes: Any) -> dict[str, Any]:
    fields = {
        "offerer": world.sender, "zone": ZONE, "offer": offer, "consideration": wanted, "orderType": 0,
        "startTime": 0, "endTime": SOON, "zoneHash": "0x" + "00" * 32, "salt": 1, "conduitKey": "0x" + "00" * 32,
        "counter": 0,
    }  # fmt: skip
    return {**fields, **changes}


def test_a_sale_by_seaport_must_pay_the_sender_enough(world: World) -> None:
    nft, fee = item(2, NFT, 1), item(1, USDC, 5, world.stranger)
    judged(world, "OrderComponents", order(world, [nft], [item(1, USDC, 50, world.sender), fee]), "exit")
    for wanted in (
        [item(1, USDC, 49, world.sender)],
        [item(1, USDC, 50, world.stranger)],
        [item(1, USDC, 50, world.sender, end=49)],
        [item(1, world.token, 50, world.sender)],
        [item(0, ZERO, 50, world.sender)],
        [],
    ):
        assert refusal(world, "OrderComponents", order(world, [nft], wanted), "exit") == "price"
    enough = [item(1, USDC, 50, world.sender)]
    assert refusal(world, "OrderComponents", order(world, [nft, nft], enough), "exit") == "price"
    assert refusal(world, "OrderComponents", order(world, [item(3, NFT, 1, end=2)], enough), "exit") == "price"
    assert refusal(world, "OrderComponents", order(world, [item(2, world.token, 1)], enough), "exit") == "collection"
    assert refusal(world, "OrderComponents", order(world, [nft], enough, offerer=ZONE), "exit") == "owner"
    assert refusal(world, "OrderComponents", order(world, [nft], enough, endTime=2**255), "exit") == "deadline"
    assert refusal(world, "OrderComponents", order(world, [nft], enough), "entry") == "purpose"
    assert refusal(world, "OrderComponents", order(world, [nft, item(1, USDC, 1)], enough), "exit") == "item"
    assert refusal(world, "OrderComponents", order(world, [], enough), "exit") == "item"
    assert refusal(world, "OrderComponents", order(world, [item(0, ZERO, 1)], enough), "entry") == "item"


def test_a_bid_by_seaport_pays_no_more_than_the_collection_is_worth_and_is_counted(world: World) -> None:
    paid, wanted = item(1, USDC, 60), item(2, NFT, 1, world.sender)
    assert judged(world, "OrderComponents", order(world, [paid], [wanted]), "entry")[1] == ((USDC, 60),)
    judged(world, "OrderComponents", order(world, [paid], [item(4, NFT, 1, world.sender)]), "entry")
    for offer, wants, rule in (
        ([item(1, USDC, 61)], [wanted], "price"),
        ([item(1, USDC, 1, end=61)], [wanted], "price"),
        ([paid], [item(2, NFT, 1, world.stranger)], "price"),
        ([paid], [item(2, world.token, 1, world.sender)], "price"),
        ([paid], [item(3, NFT, 1, world.sender, end=0)], "price"),
        ([paid], [], "price"),
        ([item(1, world.token, 1)], [wanted], "token"),
        ([paid, item(1, world.token, 1)], [wanted], "token"),
    ):
        assert refusal(world, "OrderComponents", order(world, offer, wants), "entry") == rule
    assert refusal(world, "OrderComponents", order(world, [paid], [wanted]), "exit") == "purpose"


def safe_tx(world: World, **changes: Any) -> dict[str, Any]:
    fields = {
        "to": world.router, "value": world.ether, "data": f"0x{world.buy_data(SAFE).hex()}", "operation": 0,
        "safeTxGas": 0, "baseGas": 0, "gasPrice": 0, "gasToken": ZERO, "refundReceiver": ZERO, "nonce": 4,
    }  # fmt: skip
    return {**fields, **changes}


def test_a_call_of_a_safe_is_judged_like_one_of_a_sender(world: World) -> None:
    counted, _ = judged(world, "SafeTx", safe_tx(world), "entry")
    assert (counted.sender, counted.value, counted.nonce) == (SAFE, world.ether, 4)
    assert refusal(world, "SafeTx", safe_tx(world, data=f"0x{world.buy_data().hex()}"), "entry") == "recipient"
    assert refusal(world, "SafeTx", safe_tx(world, to=SAFE, data="0x0d582f13"), "entry") == "destination"
    assert refusal(world, "SafeTx", safe_tx(world), "exit") == "purpose"
    for field in ("operation", "safeTxGas", "baseGas", "gasPrice"):
        assert refusal(world, "SafeTx", safe_tx(world, **{field: 1}), "entry") == "safe"
    for field in ("gasToken", "refundReceiver"):
        assert refusal(world, "SafeTx", safe_tx(world, **{field: world.stranger}), "entry") == "safe"
    assert refusal(world, "SafeTx", safe_tx(world), "entry", contract=world.permit2) == "typed-data"


@pytest.mark.parametrize("level", [KillLevel.NO_ENTRIES, KillLevel.FREEZE])
def test_the_kill_switch_holds_for_typed_data(world: World, level: KillLevel) -> None:
    with pytest.raises(SignerRefused, match="kill-switch"):
        judged(world, "SafeTx", safe_tx(world), "entry", level=level)


def test_a_kind_that_is_not_known_cannot_be_allowed(world: World) -> None:
    with pytest.raises(RulesError, match="'Mail' is not known"):
        parse_rules(world.rules(typed={world.permit2: ["Mail"]}), "here")

"""What a signature under typed data gives away, judged like the transaction that it will become.

Permits are approvals, transfers and orders are trades, a SafeTx is a call of its Safe.
"""

from collections.abc import Sequence
from typing import Final

from sniper.signer import KillLevel, SignerRefused, SignRequest
from sniper.signing.rules import Chain, Judge, Spent, check_approval, check_level, check_spender
from sniper.signing.typed import Message, TypedData

_ZERO: Final = "0x" + "0" * 40
_NATIVE_ITEM, _ERC20 = 0, 1
_NFTS: Final = frozenset({2, 3})
"""ItemType of Seaport: ERC721, ERC1155."""
_CRITERIA: Final = frozenset({4, 5})
"""The same with criteria: any one of a collection, or of a list."""


def check(
    typed: TypedData, request: SignRequest, judge: Judge, level: KillLevel, now: int
) -> tuple[SignRequest, tuple[Spent, ...]]:
    """What is to be counted, and with what. ``request``: account, sender, purpose of whoever asks. ``now``: ns UTC.

    Raises `SignerRefused`.
    """
    chain = judge.chain(request.chain_id)
    check_level(request, level)
    kinds = chain.typed.get(typed.contract, ())
    if typed.kind not in kinds:
        raise _refused(
            "typed-data",
            f"{typed.kind} of {typed.contract}",
            ", ".join(kinds) or "none of this contract",
            f"add it to chains.{request.chain_id}.typed in the signer's rules if you know it",
        )
    message, until = typed.message, now // 10**9 + chain.rules.typed_seconds
    match typed.kind:
        case "SafeTx":
            inner = _of_safe(typed, request)
            return inner, judge.check(inner, level)
        case "PermitSingle" | "PermitBatch":
            details = [message["details"]] if typed.kind == "PermitSingle" else message["details"]
            _purpose(request, "approve")
            for each in details:
                _approval(chain, request, each["token"], message["spender"], each["amount"])
                _deadline("expiration", each["expiration"], until, request)
            _deadline("sigDeadline", message["sigDeadline"], until, request)
            return request, ()
        case "Permit":
            _purpose(request, "approve")
            _owner("owner", message["owner"], request)
            _approval(chain, request, typed.contract, message["spender"], message["value"])
            _deadline("deadline", message["deadline"], until, request)
            return request, ()
        case "PermitTransferFrom":
            _purpose(request, "entry", "exit")
            permitted = message["permitted"]
            _approval(chain, request, permitted["token"], message["spender"], permitted["amount"])
            _deadline("deadline", message["deadline"], until, request)
            return request, ((permitted["token"], permitted["amount"]),)
        case _:
            _owner("offerer", message["offerer"], request)
            _deadline("endTime", message["endTime"], until, request)
            return request, _order(message, request, chain)


def _of_safe(typed: TypedData, request: SignRequest) -> SignRequest:
    """The call that the Safe will make."""
    message = typed.message
    for name in ("operation", "safeTxGas", "baseGas", "gasPrice", "gasToken", "refundReceiver"):
        if message[name] not in (0, _ZERO):
            raise _refused(
                "safe", f"{name} {message[name]}", "0", "propose a plain call, for which whoever executes it pays"
            )
    return SignRequest(
        account=request.account,
        sender=typed.contract,
        chain_id=request.chain_id,
        nonce=message["nonce"] & (2**64 - 1),
        max_priority_fee=0,
        max_fee=0,
        gas=0,
        to=message["to"],
        value=message["value"],
        data=message["data"],
        purpose=request.purpose,
        fence=request.fence,
    )


def _approval(chain: Chain, request: SignRequest, token: str, spender: str, amount: int) -> None:
    check_spender(spender, request.chain_id, chain)
    check_approval(token, amount, request.chain_id, chain.tokens.get(token), chain.rules)


def _order(order: Message, request: SignRequest, chain: Chain) -> tuple[Spent, ...]:
    offer: Sequence[Message] = order["offer"]
    kinds = {item["itemType"] for item in offer}
    if kinds == {_ERC20}:
        _purpose(request, "entry")
        return _bid(offer, order["consideration"], request, chain)
    if kinds and kinds <= _NFTS:
        _purpose(request, "exit")
        _sale(offer, order["consideration"], request, chain)
        return ()
    raise _refused(
        "item", f"an offer of items of type {sorted(kinds)}", "ERC-20 alone, or NFTs alone", "offer one or the other"
    )


def _bid(offer: Sequence[Message], wanted: Sequence[Message], request: SignRequest, chain: Chain) -> tuple[Spent, ...]:
    """ERC-20 for NFTs: at most ``max_price`` for each that the sender is to receive."""
    tokens = {item["token"] for item in offer}
    total = sum(max(item["startAmount"], item["endAmount"]) for item in offer)
    (token,) = tokens if len(tokens) == 1 else ("several tokens",)
    if token not in chain.tokens:
        raise _refused(
            "token",
            f"an offer of {token}",
            "one token with limits",
            f"list it under chains.{request.chain_id}.tokens in the signer's rules",
        )
    most = 0
    for item in wanted:
        limits = chain.collections.get(item["token"])
        received = item["itemType"] in _NFTS | _CRITERIA and item["recipient"] == request.sender
        if received and limits is not None and limits.currency == token and limits.max_price is not None:
            most += limits.max_price * min(item["startAmount"], item["endAmount"])
    if total > most:
        raise _refused(
            "price",
            f"{total} of {token} for what the sender receives",
            f"{most}",
            f"offer less, or change max_price in chains.{request.chain_id}.collections of the signer's rules",
        )
    return ((token, total),)


def _sale(offer: Sequence[Message], paid: Sequence[Message], request: SignRequest, chain: Chain) -> None:
    """NFTs for coins: the sender receives at least ``min_price`` for each."""
    least, currencies = 0, set()
    for item in offer:
        limits = chain.collections.get(item["token"])
        if limits is None or limits.min_price is None:
            raise _refused(
                "collection",
                f"an offer of an NFT of {item['token']}",
                f"{len(chain.collections)} collections of the rules, with a min_price",
                f"list it under chains.{request.chain_id}.collections in the signer's rules if you know it",
            )
        least += limits.min_price * max(item["startAmount"], item["endAmount"])
        currencies.add(limits.currency)
    got = 0
    for item in paid:
        coin = {_NATIVE_ITEM: "", _ERC20: item["token"]}.get(item["itemType"])
        if item["recipient"] == request.sender and {coin} == currencies:
            got += min(item["startAmount"], item["endAmount"])
    if got < least:
        raise _refused(
            "price",
            f"{got} for the sender",
            f"{least} or more of {', '.join(sorted(currencies)) or 'native coin'}",
            f"ask for more, or change min_price in chains.{request.chain_id}.collections of the signer's rules",
        )


def _owner(name: str, found: str, request: SignRequest) -> None:
    if found != request.sender:
        raise _refused("owner", f"{name} {found}", f"the sender {request.sender}", "sign for the sender's own")


def _deadline(name: str, found: int, until: int, request: SignRequest) -> None:
    if found > until:
        raise _refused(
            "deadline",
            f"{name} {found}",
            f"{until}",
            f"let it end sooner, or raise chains.{request.chain_id}.typed_seconds in the signer's rules",
        )


def _purpose(request: SignRequest, *right: str) -> None:
    if request.purpose not in right:
        raise _refused("purpose", f"purpose {request.purpose!r}", " or ".join(right), "send what the purpose says")


def _refused(rule: str, value: str, limit: str, remedy: str) -> SignerRefused:
    return SignerRefused(rule, value, limit, remedy)

"""What may be signed. The rules are read once, when the signer starts, and hold until it ends.

They see the transaction that will be signed, not what somebody says about it; a request's ``purpose`` is believed only
as far as the transaction bears it out: an approval is one, an exit and an approval carry no native coin, a cancellation
moves nothing.
"""

import re
import tomllib
from pathlib import Path
from typing import Annotated, Any

import msgspec

from sniper.errors import CodecError
from sniper.evm.keccak import keccak256
from sniper.evm.signature import parse
from sniper.signer import KillLevel, SignerRefused, SignRequest
from sniper.signing.calldata import UnreadableCall
from sniper.signing.calls import read
from sniper.signing.commands import EXECUTE
from sniper.signing.errors import RulesError
from sniper.signing.typed import KNOWN

ADDRESS = re.compile(r"0x[0-9a-f]{40}")
_SELECTOR = re.compile(r"0x[0-9a-f]{8}")

APPROVE = bytes.fromhex("095ea7b3")
"""``approve(address,uint256)`` of ERC-20."""

INCREASE = bytes.fromhex("39509351")
"""``increaseAllowance(address,uint256)``, as OpenZeppelin's ERC-20 had it."""

PERMIT2_APPROVE = bytes.fromhex("87517c45")
"""``approve(address,address,uint160,uint48)`` of Permit2: token, spender, amount, expiration."""

TRANSFER = bytes.fromhex("a9059cbb")
"""``transfer(address,uint256)`` of ERC-20."""

APPROVALS = frozenset({APPROVE, INCREASE, PERMIT2_APPROVE})

UNLIMITED = 2**128
"""From here on an approval counts as one without a limit; no supply that is meant seriously has so many base units."""

Spent = tuple[str, int]
"""Token and base units."""

HOUR = 3600
DAY = 86_400


class Call(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A function that may be called. Those of `sniper.signing.calls` are read: whoever they pay must be the sender.

    recipient  Number of the 32-byte argument word, from 0, that must be the sender's own address; None: not checked.
    commands   Whether it is ``execute`` of Uniswap's Universal Router, whose commands must be known and may pay the
               sender and the router itself only. See `sniper.signing.commands`.
    opaque     Sign it although nobody here can read whom it pays and what it spends.
    """

    recipient: Annotated[int, msgspec.Meta(ge=0)] | None = None
    commands: bool = False
    opaque: bool = False


class TokenRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A token that is money: how much of it may leave a sender, in base units, whatever the purpose is called.

    max_value            Of one transaction; ``max_value_per_hour`` and ``max_value_per_day`` of all within that time.
    max_approval         The most that one approval may allow; None: ``max_value``.
    """

    max_value: int
    max_value_per_hour: int
    max_value_per_day: int
    max_approval: int | None = None


class CollectionRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What NFTs of one collection may be traded at, each, in base units of ``currency``.

    currency   Address of a token; "" is the native coin. Bids are paid in tokens, so they want one.
    min_price  The least that the sender must receive for one; None: none is sold.
    max_price  The most that may be offered for one; None: none is bought.
    """

    currency: str = ""
    min_price: int | None = None
    max_price: int | None = None


class ChainRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What may be signed on one chain. Amounts are wei.

    max_fee              The most that one transaction may cost: its ``max_fee`` times its ``gas``.
    max_value            Native coin that one entry may carry.
    max_value_per_hour   The same for all entries of one sender within any hour, ``max_value_per_day`` within any day.
    tokens               Limits of tokens; those that are not listed are not counted.
    spenders             Contracts that tokens may be approved to.
    recipients           Own wallets to which a ``transfer`` may send; what it sends counts as what an entry carries.
    unlimited_approvals  Whether a token that is not under ``tokens`` may be approved without a limit (2**128 and more).
    contracts            Contract, then its functions: a signature such as ``transfer(address,uint256)`` or a selector.
    typed                Contract, then what EIP-712 data may be signed for it: `sniper.signing.typed.KNOWN`.
    typed_seconds        How long such a signature may be good for, from now.
    collections          NFTs that may be traded by Seaport orders.
    """

    max_fee: int
    max_value: int
    max_value_per_hour: int
    max_value_per_day: int
    tokens: dict[str, TokenRules] = {}
    spenders: tuple[str, ...] = ()
    recipients: tuple[str, ...] = ()
    unlimited_approvals: bool = False
    contracts: dict[str, dict[str, Call]] = {}
    typed: dict[str, tuple[str, ...]] = {}
    typed_seconds: int = 3600
    collections: dict[str, CollectionRules] = {}


class Rules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """accounts: which senders may sign for which account. chains: by chain id; all others are refused. version: grows
    with each change of a file that an operator signs; see `sniper.signing.rulebook`."""

    accounts: dict[str, tuple[str, ...]]
    chains: dict[int, ChainRules]
    version: int = 0


def load_rules(path: Path) -> Rules:
    """Read a rules file (TOML). Raises `RulesError`."""
    try:
        content = tomllib.loads(read_rules(path).decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RulesError(f"the rules {path} are not TOML: {error}") from error
    return parse_rules(content, str(path))


def read_rules(path: Path) -> bytes:
    """The content of a rules file. Raises `RulesError`."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise RulesError(f"the rules {path} cannot be read: {error.strerror}; check the path") from error


def parse_rules(content: dict[str, Any], origin: str) -> Rules:
    """Rules from plain data. ``origin`` stands in messages. Any: parsed TOML. Raises `RulesError`."""
    try:
        rules = msgspec.convert(content, Rules, str_keys=True)
    except msgspec.ValidationError as error:
        raise RulesError(f"the rules {origin} are wrong: {error}") from None
    Judge(rules)
    return rules


class Chain:
    """The rules of one chain, ready to be looked up."""

    def __init__(self, name: str, rules: ChainRules) -> None:
        for field in ("max_fee", "max_value", "max_value_per_hour", "max_value_per_day"):
            if getattr(rules, field) < 0:
                raise RulesError(f"{name}.{field} is {getattr(rules, field)}; give wei, 0 or more")
        self.rules = rules
        self.tokens = {_address(f"{name}.tokens", token): limits for token, limits in rules.tokens.items()}
        for token, limits in self.tokens.items():
            for field in ("max_value", "max_value_per_hour", "max_value_per_day", "max_approval"):
                if (getattr(limits, field) or 0) < 0:
                    raise RulesError(f"{name}.tokens.{token}.{field} is {getattr(limits, field)}; give 0 or more")
        self.spenders = frozenset(_address(f"{name}.spenders", spender) for spender in rules.spenders)
        self.recipients = frozenset(_address(f"{name}.recipients", wallet) for wallet in rules.recipients)
        self.typed = {_address(f"{name}.typed", contract): kinds for contract, kinds in rules.typed.items()}
        for contract, kinds in self.typed.items():
            for kind in kinds:
                if kind not in KNOWN:
                    raise RulesError(f"{name}.typed.{contract}: {kind!r} is not known; known are {', '.join(KNOWN)}")
        self.collections = {
            _address(f"{name}.collections", collection): msgspec.structs.replace(
                limits,
                currency=_address(f"{name}.collections.{collection}", limits.currency) if limits.currency else "",
            )
            for collection, limits in rules.collections.items()
        }
        self.contracts = {
            _address(f"{name}.contracts", contract): {
                _selector(f"{name}.contracts.{contract}", function): call for function, call in functions.items()
            }
            for contract, functions in rules.contracts.items()
        }


class Judge:
    """Compiled rules. Raises `RulesError` where they make no sense."""

    def __init__(self, rules: Rules) -> None:
        self._senders = {
            account: frozenset(_address(f"accounts.{account}", sender) for sender in senders)
            for account, senders in rules.accounts.items()
        }
        owners: dict[str, str] = {}
        for account, senders in self._senders.items():
            for sender in senders:
                if owners.setdefault(sender, account) != account:
                    raise RulesError(
                        f"sender {sender} belongs to {owners[sender]!r} and {account!r}; give it one account"
                    )
        self._chains = {chain_id: Chain(f"chains.{chain_id}", chain) for chain_id, chain in rules.chains.items()}

    def chain(self, chain_id: int) -> Chain:
        """The rules of a chain. Raises `SignerRefused`."""
        chain = self._chains.get(chain_id)
        if chain is None:
            raise SignerRefused(
                "chain",
                f"chain {chain_id}",
                ", ".join(str(chain_id) for chain_id in self._chains) or "none",
                "add the chain to the signer's rules",
            )
        return chain

    def check_account(self, request: SignRequest) -> None:
        """Whether the sender may sign for this account at all. Raises `SignerRefused`."""
        if request.sender not in self._senders.get(request.account, ()):
            raise SignerRefused(
                "account",
                f"sender {request.sender} for account {request.account!r}",
                f"{len(self._senders.get(request.account, ()))} other senders",
                "list it under accounts in the signer's rules",
            )

    def check(self, request: SignRequest, level: KillLevel) -> tuple[Spent, ...]:
        """All rules but those that add up over time: gives what they are counted with, (token, amount).

        Raises `SignerRefused`.
        """
        self.check_account(request)
        chain = self.chain(request.chain_id)
        check_level(request, level)
        _check_purpose(request)
        _check_fee(request, chain.rules)
        if request.purpose == "cancel":
            return ()
        if request.purpose == "transfer":
            return _check_transfer(request, chain)
        if request.purpose == "approve" and request.data[:4] in (APPROVE, INCREASE):
            _check_spender(request, 0, chain)
            _check_amount(request, request.to, 1, chain)
            return ()
        call = _check_destination(request, chain)
        if request.data[:4] == PERMIT2_APPROVE:
            _check_spender(request, 1, chain)
            _check_amount(request, f"0x{_word(request, 0)[12:].hex()}", 2, chain)
            return ()
        return _check_moves(request, call)


def check_level(request: SignRequest, level: KillLevel) -> None:
    """Whether the kill switch lets a request of this purpose through. Raises `SignerRefused`."""
    frozen = level is KillLevel.FREEZE and request.purpose != "cancel"
    if frozen or (level is not KillLevel.OFF and request.purpose == "entry"):
        raise SignerRefused(
            "kill-switch",
            f"purpose {request.purpose!r} at level {level.value!r}",
            "cancel" if frozen else "exit, approve, cancel",
            "lower the kill switch when the reason for it is gone",
        )


def _check_transfer(request: SignRequest, chain: Chain) -> tuple[Spent, ...]:
    """Native coin without a call, or ``transfer`` of a token that has limits, to a wallet that the rules name."""
    to, spent = request.to, tuple[Spent, ...]()
    if request.data:
        receiver, amount = _word(request, 0), int.from_bytes(_word(request, 1), "big")
        plain = request.data[:4] == TRANSFER and len(request.data) == 68 and not any(receiver[:12])
        if not plain or request.value or request.to not in chain.tokens:
            raise SignerRefused(
                "transfer",
                f"a call of {request.to}",
                "native coin, or transfer(address,uint256) of a token with limits",
                f"list the token under chains.{request.chain_id}.tokens in the signer's rules",
            )
        to, spent = f"0x{receiver[12:].hex()}", ((request.to, amount),)
    if to not in chain.recipients:
        raise SignerRefused(
            "recipient",
            to,
            ", ".join(sorted(chain.recipients)) or "none",
            f"list the wallet under chains.{request.chain_id}.recipients in the signer's rules, if it is yours",
        )
    return spent


def _check_purpose(request: SignRequest) -> None:
    match request.purpose:
        case "exit" | "approve" if request.value:
            wrong, right = f"{request.purpose} with {request.value} wei", "no native coin"
        case "approve" if request.data[:4] not in APPROVALS:
            wrong, right = f"approve that calls 0x{request.data[:4].hex()}", "an approval"
        case "entry" | "exit" if request.data[:4] in APPROVALS:
            wrong, right = f"{request.purpose} that approves", "purpose 'approve'"
        case "cancel" if request.to != request.sender or request.value or request.data:
            wrong, right = f"cancel to {request.to}", "a transfer of nothing to oneself"
        case _:
            return
    raise SignerRefused("purpose", wrong, right, "send what the purpose says")


def _check_fee(request: SignRequest, rules: ChainRules) -> None:
    if request.max_priority_fee > request.max_fee:
        raise SignerRefused(
            "fee",
            f"priority fee {request.max_priority_fee} wei per gas",
            f"{request.max_fee}, the whole fee",
            "lower it",
        )
    cost = request.max_fee * request.gas
    if cost > rules.max_fee:
        raise SignerRefused(
            "max-fee",
            f"{cost} wei ({request.max_fee} per gas, {request.gas} gas)",
            f"{rules.max_fee} wei",
            f"bid less, or raise chains.{request.chain_id}.max_fee in the signer's rules",
        )


def _check_destination(request: SignRequest, chain: Chain) -> Call:
    functions = chain.contracts.get(request.to)
    if functions is None:
        raise SignerRefused(
            "destination",
            f"contract {request.to or 'creation'}",
            f"{len(chain.contracts)} contracts of the rules",
            f"add it to chains.{request.chain_id}.contracts in the signer's rules if you know it",
        )
    # Less than four bytes are no selector and so never among the keys.
    call = functions.get(request.data[:4])
    if call is None:
        raise SignerRefused(
            "function",
            f"selector 0x{request.data[:4].hex()} of {request.to}",
            ", ".join(f"0x{selector.hex()}" for selector in functions) or "none",
            f"add it to chains.{request.chain_id}.contracts in the signer's rules if you know it",
        )
    if call.recipient is not None and _word(request, call.recipient) != _padded(request.sender):
        raise SignerRefused(
            "recipient",
            f"argument {call.recipient} is 0x{_word(request, call.recipient).hex()}",
            f"the sender {request.sender}",
            "let the proceeds go to the sender",
        )
    return call


def _check_moves(request: SignRequest, call: Call) -> tuple[Spent, ...]:
    """Whoever the call pays is the sender; gives what it spends."""
    if call.opaque:
        return ()
    try:
        if call.commands and request.data[:4] != EXECUTE.selector:
            raise UnreadableCall(f"a call of 0x{request.data[:4].hex()}")
        moves = read(request.data)
    except UnreadableCall as error:
        rule = "commands" if call.commands or request.data[:4] == EXECUTE.selector else "undecodable"
        raise SignerRefused(
            rule, str(error), "calls and commands that are known", "send a route that this signer can read"
        ) from None
    if moves is None:
        if call.recipient is None:
            raise SignerRefused(
                "undecodable",
                f"selector 0x{request.data[:4].hex()} of {request.to}",
                "functions that the signer can read",
                f"set recipient or opaque for it in chains.{request.chain_id}.contracts of the signer's rules",
            )
        return ()
    strangers = [receiver for receiver in moves.receivers if receiver != _padded(request.sender)]
    if strangers:
        raise SignerRefused(
            "recipient",
            f"a call that pays {', '.join(f'0x{receiver.hex()}' for receiver in strangers)}",
            f"the sender {request.sender}",
            "let the proceeds go to the sender",
        )
    return moves.spent


def _check_amount(request: SignRequest, token: str, argument: int, chain: Chain) -> None:
    word = _word(request, argument)
    if len(word) != 32:
        raise SignerRefused("approval", "an approval without an amount", "a whole call", "correct the request")
    check_approval(token, int.from_bytes(word, "big"), request.chain_id, chain.tokens.get(token), chain.rules)


def check_approval(token: str, amount: int, chain_id: int, limits: TokenRules | None, rules: ChainRules) -> None:
    """Whether so much of a token may be approved to a spender that is known. Raises `SignerRefused`."""
    if limits is not None:
        most = limits.max_value if limits.max_approval is None else limits.max_approval
        key = f"chains.{chain_id}.tokens.{token}.max_approval"
    elif rules.unlimited_approvals:
        return
    else:
        most, key = UNLIMITED - 1, f"chains.{chain_id}.unlimited_approvals"
    if amount > most:
        raise SignerRefused(
            "approval",
            f"an approval of {amount} of {token}",
            f"{most}",
            f"approve what the trade needs, or change {key} in the signer's rules",
        )


def _check_spender(request: SignRequest, argument: int, chain: Chain) -> None:
    word = _word(request, argument)
    whole = len(word) == 32 and not any(word[:12])
    check_spender(f"0x{(word[12:] if whole else word).hex()}", request.chain_id, chain)


def check_spender(spender: str, chain_id: int, chain: Chain) -> None:
    """Whether tokens may be approved to this address at all. Raises `SignerRefused`."""
    if spender not in chain.spenders:
        raise SignerRefused(
            "spender",
            f"approval to {spender}",
            ", ".join(sorted(chain.spenders)) or "none",
            f"add it to chains.{chain_id}.spenders in the signer's rules if you know it",
        )


def _word(request: SignRequest, argument: int) -> bytes:
    """An argument word; shorter than 32 bytes where the data ends before it."""
    return request.data[4 + 32 * argument : 36 + 32 * argument]


def _padded(address: str) -> bytes:
    return bytes(12) + bytes.fromhex(address[2:])


def _address(where: str, text: str) -> str:
    if not ADDRESS.fullmatch(text.lower()):
        raise RulesError(f"{where}: {text!r} is no address; give 0x and 40 hex digits")
    return text.lower()


def _selector(where: str, function: str) -> bytes:
    if _SELECTOR.fullmatch(function.lower()):
        return bytes.fromhex(function[2:])
    try:
        return keccak256(parse(function).canonical.encode())[:4]
    except CodecError as error:
        raise RulesError(f"{where}: {function!r} is no selector (0x and 8 digits), and {error}") from None

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
from sniper.signing.commands import UnreadableCommands, strangers
from sniper.signing.errors import RulesError

ADDRESS = re.compile(r"0x[0-9a-f]{40}")
_SELECTOR = re.compile(r"0x[0-9a-f]{8}")

APPROVE = bytes.fromhex("095ea7b3")
"""``approve(address,uint256)`` of ERC-20."""

PERMIT2_APPROVE = bytes.fromhex("87517c45")
"""``approve(address,address,uint160,uint48)`` of Permit2: token, spender, amount, expiration."""

HOUR = 3600
DAY = 86_400


class Call(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A function that may be called.

    recipient  Number of the 32-byte argument word, from 0, that must be the sender's own address; None: not checked.
    commands   Whether it is ``execute`` of Uniswap's Universal Router, whose commands must be known and may pay the
               sender and the router itself only. See `sniper.signing.commands`.
    """

    recipient: Annotated[int, msgspec.Meta(ge=0)] | None = None
    commands: bool = False


class ChainRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What may be signed on one chain. Amounts are wei.

    max_fee              The most that one transaction may cost: its ``max_fee`` times its ``gas``.
    max_value            Native coin that one entry may carry.
    max_value_per_hour   The same for all entries of one sender within any hour, ``max_value_per_day`` within any day.
    spenders             Contracts that tokens may be approved to.
    contracts            Contract, then its functions: a signature such as ``transfer(address,uint256)`` or a selector.
    """

    max_fee: int
    max_value: int
    max_value_per_hour: int
    max_value_per_day: int
    spenders: tuple[str, ...] = ()
    contracts: dict[str, dict[str, Call]] = {}


class Rules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """accounts: which senders may sign for which account. chains: by chain id; all others are refused."""

    accounts: dict[str, tuple[str, ...]]
    chains: dict[int, ChainRules]


def load_rules(path: Path) -> Rules:
    """Read a rules file (TOML). Raises `RulesError`."""
    try:
        with path.open("rb") as file:
            content = tomllib.load(file)
    except OSError as error:
        raise RulesError(f"the rules {path} cannot be read: {error.strerror}; check the path") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RulesError(f"the rules {path} are not TOML: {error}") from error
    return parse_rules(content, str(path))


def parse_rules(content: dict[str, Any], origin: str) -> Rules:
    """Rules from plain data. ``origin`` stands in messages. Any: parsed TOML. Raises `RulesError`."""
    try:
        rules = msgspec.convert(content, Rules, str_keys=True)
    except msgspec.ValidationError as error:
        raise RulesError(f"the rules {origin} are wrong: {error}") from None
    Judge(rules)
    return rules


class _Chain:
    """The rules of one chain, ready to be looked up."""

    def __init__(self, name: str, rules: ChainRules) -> None:
        for field in ("max_fee", "max_value", "max_value_per_hour", "max_value_per_day"):
            if getattr(rules, field) < 0:
                raise RulesError(f"{name}.{field} is {getattr(rules, field)}; give wei, 0 or more")
        self.rules = rules
        self.spenders = frozenset(_address(f"{name}.spenders", spender) for spender in rules.spenders)
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
        self._chains = {chain_id: _Chain(f"chains.{chain_id}", chain) for chain_id, chain in rules.chains.items()}

    def limits(self, chain_id: int) -> ChainRules:
        """The rules of a chain that `check` has let pass."""
        return self._chains[chain_id].rules

    def check(self, request: SignRequest, level: KillLevel) -> None:
        """All rules but those that add up over time. Raises `SignerRefused`."""
        if request.sender not in self._senders.get(request.account, ()):
            raise SignerRefused(
                "account",
                f"sender {request.sender} for account {request.account!r}",
                f"{len(self._senders.get(request.account, ()))} other senders",
                "list it under accounts in the signer's rules",
            )
        chain = self._chains.get(request.chain_id)
        if chain is None:
            raise SignerRefused(
                "chain",
                f"chain {request.chain_id}",
                ", ".join(str(chain_id) for chain_id in self._chains) or "none",
                "add the chain to the signer's rules",
            )
        _check_level(request, level)
        _check_purpose(request)
        _check_fee(request, chain.rules)
        if request.purpose == "cancel":
            return
        if request.purpose == "approve" and request.data[:4] == APPROVE:
            _check_spender(request, 0, chain)
            return
        _check_destination(request, chain)
        if request.data[:4] == PERMIT2_APPROVE:
            _check_spender(request, 1, chain)


def _check_level(request: SignRequest, level: KillLevel) -> None:
    frozen = level is KillLevel.FREEZE and request.purpose != "cancel"
    if frozen or (level is not KillLevel.OFF and request.purpose == "entry"):
        raise SignerRefused(
            "kill-switch",
            f"purpose {request.purpose!r} at level {level.value!r}",
            "cancel" if frozen else "exit, approve, cancel",
            "lower the kill switch when the reason for it is gone",
        )


def _check_purpose(request: SignRequest) -> None:
    match request.purpose:
        case "exit" | "approve" if request.value:
            wrong, right = f"{request.purpose} with {request.value} wei", "no native coin"
        case "approve" if request.data[:4] not in (APPROVE, PERMIT2_APPROVE):
            wrong, right = f"approve that calls 0x{request.data[:4].hex()}", "an approval"
        case "entry" | "exit" if request.data[:4] in (APPROVE, PERMIT2_APPROVE):
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


def _check_destination(request: SignRequest, chain: _Chain) -> None:
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
    if call.commands:
        _check_commands(request)


def _check_commands(request: SignRequest) -> None:
    try:
        found = strangers(request.data, _padded(request.sender))
    except UnreadableCommands as error:
        raise SignerRefused(
            "commands", str(error), "commands that are known", "send a route that this signer can read"
        ) from None
    if found:
        raise SignerRefused(
            "recipient",
            f"commands that pay {', '.join(found)}",
            f"the sender {request.sender}",
            "let the proceeds go to the sender",
        )


def _check_spender(request: SignRequest, argument: int, chain: _Chain) -> None:
    word = _word(request, argument)
    spender = f"0x{word[12:].hex()}"
    if len(word) != 32 or any(word[:12]) or spender not in chain.spenders:
        raise SignerRefused(
            "spender",
            f"approval to 0x{word.hex()}",
            ", ".join(sorted(chain.spenders)) or "none",
            f"add it to chains.{request.chain_id}.spenders in the signer's rules if you know it",
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

"""Answers one ask at a time: rules first, then the key. Knows nothing of sockets."""

import time
from collections.abc import Callable, Sequence

from sniper.errors import CodecError, SignerError
from sniper.evm.transaction import LegacyTransaction, decode_payload, signed, transaction_hash
from sniper.signer import KillLevel, SignerRefused, SignRequest
from sniper.signing.agreements import check
from sniper.signing.errors import RulesError
from sniper.signing.fences import Fences
from sniper.signing.key import Key
from sniper.signing.kill_switch import KillSwitchFiles, stricter
from sniper.signing.ledger import Ledger
from sniper.signing.rulebook import RuleBook
from sniper.signing.rules import Spent
from sniper.signing.typed import KNOWN, parse
from sniper.signing.wire import (
    AddressesAnswer,
    AddressesAsk,
    Answer,
    Ask,
    DoneAnswer,
    FailedAnswer,
    LevelAsk,
    RefusedAnswer,
    RulesAnswer,
    RulesAsk,
    SignAsk,
    SignedAnswer,
    TypedAnswer,
    TypedAsk,
)


class Keyring:
    """Keys and the rules they are used under. ``clock``: ns UTC."""

    def __init__(
        self,
        keys: Sequence[Key],
        rules: RuleBook,
        ledger: Ledger,
        fences: Fences,
        kill_switch: KillSwitchFiles,
        clock: Callable[[], int] = time.time_ns,
    ) -> None:
        self._keys = {key.address: key for key in keys}
        self._rules = rules
        self._ledger = ledger
        self._fences = fences
        self._kill_switch = kill_switch
        self._clock = clock
        self._level = KillLevel.OFF

    @property
    def addresses(self) -> tuple[str, ...]:
        return tuple(self._keys)

    def answer(self, ask: Ask) -> Answer:
        """Never raises for what somebody asks; the answer says what is wrong with it."""
        try:
            match ask:
                case SignAsk():
                    return self._sign(ask)
                case TypedAsk():
                    return self._typed(ask)
                case LevelAsk(id=number, level=level):
                    self._level = level
                    return DoneAnswer(number)
                case AddressesAsk(id=number):
                    return AddressesAnswer(number, self.addresses)
                case RulesAsk(id=number, content=content):
                    if content is not None:
                        self._rules.apply(content)
                    return RulesAnswer(number, self._rules.version, self._rules.operator, self._rules.text)
        except SignerRefused as refusal:
            return RefusedAnswer(ask.id, refusal.rule, refusal.value, refusal.limit, refusal.remedy)
        except (CodecError, RulesError, SignerError) as error:
            return FailedAnswer(ask.id, str(error))

    def wipe(self) -> None:
        """Forget the keys and let go of the ledger."""
        for key in self._keys.values():
            key.wipe()
        self._ledger.close()

    def _sign(self, ask: SignAsk) -> SignedAnswer:
        # What is judged is read from the bytes that are signed.
        transaction = decode_payload(ask.payload)
        request = SignRequest(
            account=ask.account,
            sender=ask.sender,
            chain_id=transaction.chain_id,
            nonce=transaction.nonce,
            max_priority_fee=transaction.max_priority_fee,
            max_fee=transaction.max_fee,
            gas=transaction.gas,
            to=transaction.to or "",
            value=transaction.value,
            data=transaction.data,
            purpose=ask.purpose,
            fence=ask.fence,
            legacy=isinstance(transaction, LegacyTransaction),
        )
        key = self._key(ask.sender)
        level = self._admit(request)
        spent = self._rules.judge.check(request, level)
        self._spend(request, spent)
        raw = signed(ask.payload, key.sign_payload(ask.payload))
        return SignedAnswer(ask.id, raw, transaction_hash(raw))

    def _typed(self, ask: TypedAsk) -> TypedAnswer:
        # Hashed by definitions of ours, from the very values that are judged.
        try:
            typed = parse(ask.payload)
        except CodecError as error:
            raise SignerRefused("typed-data", str(error), ", ".join(KNOWN), "send what the signer can read") from None
        request = SignRequest(
            account=ask.account,
            sender=ask.sender,
            chain_id=typed.chain_id,
            nonce=int.from_bytes(typed.digest[:8], "big"),  # equal data counts once
            max_priority_fee=0,
            max_fee=0,
            gas=0,
            to=typed.contract,
            value=0,
            data=b"",
            purpose=ask.purpose,
            fence=ask.fence,
        )
        key = self._key(ask.sender)
        level = self._admit(request)
        counted, spent = check(typed, request, self._rules.judge, level, self._clock())
        self._spend(counted, spent)
        signature = key.sign(typed.digest)
        # v as contracts want it: 27 or 28 (ecrecover, yellow paper appendix E).
        return TypedAnswer(ask.id, signature[:64] + bytes((27 + signature[64],)), typed.digest)

    def _key(self, sender: str) -> Key:
        key = self._keys.get(sender)
        if key is None:
            raise SignerRefused(
                "key", f"sender {sender}", ", ".join(self._keys), "start the signer with the key of this address"
            )
        return key

    def _admit(self, request: SignRequest) -> KillLevel:
        """Whether it may ask at all; gives the level of the kill switch."""
        self._rules.judge.check_account(request)
        # Before what the rules say of the request itself: its token is that of the owner, whatever it asks for.
        self._fences.pass_(request.account, request.fence)
        return stricter(self._level, self._kill_switch.level(request.account))

    def _spend(self, request: SignRequest, spent: Sequence[Spent]) -> None:
        chain = self._rules.judge.chain(request.chain_id)
        self._ledger.spend(request, chain.rules, self._clock(), chain.tokens, spent)

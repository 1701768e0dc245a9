"""Answers one ask at a time: rules first, then the key. Knows nothing of sockets."""

import time
from collections.abc import Callable, Sequence

from sniper.errors import CodecError, SignerError
from sniper.evm.keccak import keccak256
from sniper.evm.transaction import Transaction, decode_payload, signed, transaction_hash
from sniper.signer import KillLevel, SignerRefused, SignRequest
from sniper.signing.fences import Fences
from sniper.signing.key import Key
from sniper.signing.kill_switch import KillSwitchFiles, stricter
from sniper.signing.ledger import Ledger
from sniper.signing.rules import Judge
from sniper.signing.wire import (
    AddressesAnswer,
    AddressesAsk,
    Answer,
    Ask,
    DoneAnswer,
    FailedAnswer,
    LevelAsk,
    RefusedAnswer,
    SignAsk,
    SignedAnswer,
)


class Keyring:
    """Keys and the rules they are used under. ``clock``: ns UTC."""

    def __init__(
        self,
        keys: Sequence[Key],
        judge: Judge,
        ledger: Ledger,
        fences: Fences,
        kill_switch: KillSwitchFiles,
        clock: Callable[[], int] = time.time_ns,
    ) -> None:
        self._keys = {key.address: key for key in keys}
        self._judge = judge
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
                case LevelAsk(id=number, level=level):
                    self._level = level
                    return DoneAnswer(number)
                case AddressesAsk(id=number):
                    return AddressesAnswer(number, self.addresses)
        except SignerRefused as refusal:
            return RefusedAnswer(ask.id, refusal.rule, refusal.value, refusal.limit, refusal.remedy)
        except (CodecError, SignerError) as error:
            return FailedAnswer(ask.id, str(error))

    def wipe(self) -> None:
        """Forget the keys and let go of the ledger."""
        for key in self._keys.values():
            key.wipe()
        self._ledger.close()

    def _sign(self, ask: SignAsk) -> SignedAnswer:
        # What is judged is read from the bytes that are signed.
        transaction = decode_payload(ask.payload)
        if not isinstance(transaction, Transaction):
            raise SignerRefused("type", "a legacy transaction", "EIP-1559", "send a transaction of type 2")
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
        )
        key = self._keys.get(ask.sender)
        if key is None:
            raise SignerRefused(
                "key",
                f"sender {ask.sender}",
                ", ".join(self._keys),
                "start the signer with the key of this address",
            )
        self._judge.check_account(request)
        # Before what the rules say of the request itself: its token is that of the owner, whatever it asks for.
        self._fences.pass_(request.account, request.fence)
        spent = self._judge.check(request, stricter(self._level, self._kill_switch.level(request.account)))
        limits, tokens = self._judge.limits(request.chain_id), self._judge.tokens(request.chain_id)
        self._ledger.spend(request, limits, self._clock(), tokens, spent)
        raw = signed(ask.payload, key.sign(keccak256(ask.payload)))
        return SignedAnswer(ask.id, raw, transaction_hash(raw))

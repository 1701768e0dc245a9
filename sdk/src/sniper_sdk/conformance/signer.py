"""What a signer must hold."""

import msgspec
import pytest

from sniper.errors import SignerError
from sniper.evm.transaction import Transaction, decode_signed, recover_sender, transaction_hash
from sniper.signer import KillLevel, Signer, SignerRefused, SignRequest


class SignerConformance:
    """Signs exactly what was asked, with the sender's key, the same bytes each time; refuses strangers; obeys the kill
    switch.

        class TestKeystore(SignerConformance):
            pass

    Fixtures of yours, in the class or in ``conftest.py``:

    signer   An open one.
    allowed  An ``entry`` that its rules allow; it may be asked for often.
    """

    @pytest.mark.asyncio
    async def test_it_can_sign_for_the_addresses_that_it_names(self, signer: Signer, allowed: SignRequest) -> None:
        addresses = await signer.addresses()
        assert addresses, "it can sign for nobody"
        for address in addresses:
            assert address == address.lower(), f"{address!r} is not in lower case"
            assert len(address) == 42, f"{address!r} is no address"
        assert allowed.sender in addresses, f"{allowed.sender} is none of its addresses"

    @pytest.mark.asyncio
    async def test_what_it_signs_is_what_was_asked(self, signer: Signer, allowed: SignRequest) -> None:
        signed = await signer.sign(allowed)
        transaction, _ = decode_signed(signed.raw)
        assert isinstance(transaction, Transaction), "signed no EIP-1559 transaction"
        for name in Transaction.__struct_fields__:
            asked, found = getattr(allowed, name), getattr(transaction, name)
            assert asked == found, f"asked for {name} {asked!r}, signed {found!r}"
        assert recover_sender(signed.raw) == allowed.sender, "signed with another key than the sender's"
        assert signed.tx_hash == transaction_hash(signed.raw), "tx_hash is not the Keccak-256 of the bytes"

    @pytest.mark.asyncio
    async def test_equal_requests_give_equal_bytes(self, signer: Signer, allowed: SignRequest) -> None:
        first = await signer.sign(allowed)
        assert await signer.sign(allowed) == first, "the same request gave other bytes: sign as RFC 6979 says"
        await signer.close()
        await signer.open()
        assert await signer.sign(allowed) == first, "after a restart the same request gave other bytes"

    @pytest.mark.asyncio
    async def test_it_refuses_strangers(self, signer: Signer, allowed: SignRequest) -> None:
        for change in ({"account": "nobody-at-all"}, {"sender": "0x" + "77" * 20}, {"chain_id": 2**40}):
            strange = msgspec.structs.replace(allowed, **change)  # type: ignore[type-var]
            with pytest.raises(SignerRefused) as refusal:
                await signer.sign(strange)
            assert refusal.value.rule, "a refusal names its rule"

    @pytest.mark.asyncio
    async def test_the_kill_switch_stops_entries_and_freezing_stops_all_but_cancellations(
        self, signer: Signer, allowed: SignRequest
    ) -> None:
        cancel = msgspec.structs.replace(allowed, purpose="cancel", to=allowed.sender, value=0, data=b"")  # type: ignore[type-var]
        for level in (KillLevel.NO_ENTRIES, KillLevel.FLATTEN, KillLevel.FREEZE):
            await signer.level(level)
            with pytest.raises(SignerRefused):
                await signer.sign(allowed)
            assert (await signer.sign(cancel)).raw, f"at {level.value} a cancellation must still be signed"
        await signer.level(KillLevel.OFF)
        assert (await signer.sign(allowed)).raw, "the kill switch is off again, and entries are signed"

    @pytest.mark.asyncio
    async def test_a_closed_signer_signs_nothing(self, signer: Signer, allowed: SignRequest) -> None:
        await signer.close()
        with pytest.raises(SignerError):
            await signer.sign(allowed)

"""What a venue must hold that puts liquidity into ranges, and what one must say that does not."""

from collections.abc import Callable

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from sniper.evm.log import Log
from sniper.types import LiquidityMoved
from sniper.venue import Provision, Removal, UnsupportedLiquidity
from sniper_sdk import strategies
from sniper_sdk.conformance.drawing import for_all
from sniper_sdk.conformance.venue_world import ADDRESS, VenueWorld, changed

_OWNER, _COINS = "0x" + "c1" * 20, ("0x" + "c2" * 20, "0x" + "c3" * 20)


class VenueRanges(VenueWorld):
    """Liquidity between two ticks: put there with what is approved for it, and taken out to its owner."""

    def moved_logs(self, moved: LiquidityMoved) -> tuple[Log, ...] | None:
        """What the contracts log where that happens; None: what logs say is not tested."""
        return None

    def provisions(self) -> SearchStrategy[Provision]:
        """Liquidity of any amounts, with any allowance."""
        amounts = strategies.amounts(2**100).map(lambda amount: amount + 1)
        return st.builds(
            Provision,
            range=st.just("main/strategy/1"),
            chain_id=st.just(self.chain_id),
            owner=st.just(_OWNER),
            pool=st.just("0x" + "c4" * 20),
            amm=st.just(self.amm),
            pool_data=st.just(self.pool_data),
            quote=st.just(_COINS[0]),
            coins=st.just(_COINS),
            amounts=st.tuples(amounts, amounts),
            least=st.tuples(strategies.amounts(2**99), strategies.amounts(2**99)),
            lower=st.sampled_from((-600, -60)),
            upper=st.sampled_from((60, 600)),
            native=st.just(False),
            allowances=st.tuples(st.just(0) | strategies.amounts(2**101), st.just(0) | strategies.amounts(2**101)),
            deadline=st.integers(1, 2**40),
        )

    def removals(self) -> SearchStrategy[Removal]:
        """Liquidity that is taken out in part."""
        return st.builds(
            Removal,
            range=st.just("main/strategy/1"),
            chain_id=st.just(self.chain_id),
            owner=st.just(_OWNER),
            pool=st.just("0x" + "c4" * 20),
            amm=st.just(self.amm),
            quote=st.just(_COINS[0]),
            coins=st.just(_COINS),
            position=st.integers(1, 2**63),
            liquidity=st.integers(1, 2**127),
            lower=st.just(-60),
            upper=st.just(60),
            least=st.tuples(strategies.amounts(2**99), strategies.amounts(2**99)),
            native=st.just(False),
            ends=st.booleans(),
            deadline=st.integers(1, 2**40),
        )

    def test_liquidity_is_served_as_said_and_else_refused(self) -> None:
        """What is not served raises `UnsupportedLiquidity`."""
        venue = self._made()
        assert not venue.serves_liquidity(self.chain_id, "no-such-amm"), "puts liquidity into an AMM that is none"
        assert not venue.serves_liquidity(2**40, self.amm), "puts liquidity into a chain that does not exist"
        self._refuses_liquidity(lambda: venue.liquidity_spender(2**40))
        if venue.serves_liquidity(self.chain_id, self.amm):
            spender = venue.liquidity_spender(self.chain_id)
            assert ADDRESS.fullmatch(spender), f"liquidity_spender is {spender!r}; give 0x and 40 lower-case digits"
            return

        def check(provision: Provision, removal: Removal) -> None:
            elsewhere = changed(provision, chain_id=2**40)
            self._refuses_liquidity(lambda: venue.provide(elsewhere))
            gone = changed(removal, chain_id=2**40)
            self._refuses_liquidity(lambda: venue.remove(gone))

        for_all(check, examples=5, provision=self.provisions(), removal=self.removals())

    def test_liquidity_is_put_with_exact_approvals_and_belongs_to_the_owner(self) -> None:
        """Approvals of both coins as needed, then one entry with amounts, minima, owner and deadline in it."""
        venue = self._made()
        if not venue.serves_liquidity(self.chain_id, self.amm):
            return
        spender = venue.liquidity_spender(self.chain_id)

        def check(provision: Provision) -> None:
            *approvals, last = venue.provide(provision)
            assert (last.purpose, last.value) == ("entry", 0), f"ends with {last.purpose!r} and {last.value} wei"
            assert bytes.fromhex(provision.owner[2:]) in last.data, "the owner does not stand in the calldata"
            for what in (*provision.amounts, *provision.least, provision.deadline):
                assert what.to_bytes(32, "big") in last.data, f"{what} does not stand in the calldata: {provision}"
            for coin, amount, allowance in zip(provision.coins, provision.amounts, provision.allowances, strict=True):
                steps = tuple(step for step in approvals if step.to == coin)
                self._are_of(steps, coin, spender)
                asked = [self._approved(step) for step in steps]
                needed = [] if allowance >= amount else [0, amount] if allowance else [amount]
                assert asked == needed, f"where {allowance} of {amount} is allowed, sets {asked}; it must set {needed}"
            assert {step.to for step in approvals} <= set(provision.coins), "approves what is not provided"

        for_all(check, examples=min(self.examples, 30), provision=self.provisions())

    def test_liquidity_is_taken_out_to_the_owner_in_one_step(self) -> None:
        """One exit without money along, with position, liquidity, minima, owner and deadline in it."""
        venue = self._made()
        if not venue.serves_liquidity(self.chain_id, self.amm):
            return

        def check(removal: Removal) -> None:
            (step,) = venue.remove(removal)
            assert (step.purpose, step.value) == ("exit", 0), f"is {step.purpose!r} with {step.value} wei"
            assert bytes.fromhex(removal.owner[2:]) in step.data, "the owner does not stand in the calldata"
            for what in (removal.position, removal.liquidity, *removal.least, removal.deadline):
                assert what.to_bytes(32, "big") in step.data, f"{what} does not stand in the calldata"

        for_all(check, examples=min(self.examples, 30), removal=self.removals())

    def test_logs_of_strangers_move_nothing(self) -> None:
        """Neither no logs, nor unknown ones, nor those of other contracts, nor one without topics say anything."""
        venue = self._made()
        assert venue.liquidity_moved(()) is None, "no logs moved something"
        told = self.moved_logs(LiquidityMoved(position=7, liquidity=10**6, amounts=(3, 4))) or ()
        strange = [self._log("0x" + "66" * 20, log.topics, log.data) for log in told]
        strange.append(self._log("0x" + "66" * 20, ("0x" + "12" * 32,), b"\1" * 64))
        strange.append(self._log("0x" + "66" * 20, (), b""))
        strange += [self._log(log.address, ("0x" + "12" * 32, *log.topics[1:]), log.data) for log in told]
        strange += [self._log(log.address, (), b"") for log in told]
        moved = venue.liquidity_moved(tuple(strange))
        assert moved is None, f"logs of strangers say that {moved}"

    def test_what_logs_say_is_told_exactly(self) -> None:
        """More and less liquidity, read from the logs of its contracts, among those of others."""

        def check(position: int, liquidity: int, amounts: tuple[int, int], taken: bool) -> None:
            moved = LiquidityMoved(position=position, liquidity=-liquidity if taken else liquidity, amounts=amounts)
            logs = self.moved_logs(moved)
            if logs is None:
                return
            among = (self._log("0x" + "66" * 20, ("0x" + "12" * 32,), b"\1" * 64), *logs)
            told = self._made().liquidity_moved(among)
            assert told == moved, f"{moved} is told as {told}"

        for_all(
            check,
            examples=20,
            position=st.integers(1, 2**63),
            liquidity=st.integers(1, 2**100),
            amounts=st.tuples(strategies.amounts(2**100), strategies.amounts(2**100)),
            taken=st.booleans(),
        )

    def _log(self, address: str, topics: tuple[str, ...], data: bytes) -> Log:
        return Log(
            address=address,
            topics=topics,
            data=data,
            block=1,
            block_hash="",
            transaction="",
            transaction_index=0,
            index=0,
        )

    def _refuses_liquidity(self, asked: Callable[[], object]) -> None:
        try:
            asked()
        except UnsupportedLiquidity:
            return
        raise AssertionError("what is not served must raise UnsupportedLiquidity")

"""What a venue must hold for swaps through one pool: what leaves, who is paid, how little is too little."""

from typing import Any

import msgspec
from hypothesis import strategies as st

from sniper.types import NATIVE, Step
from sniper.venue import WHOLE, RouteLeg, Swap
from sniper_sdk import strategies
from sniper_sdk.conformance.budget import step_budget
from sniper_sdk.conformance.drawing import for_all
from sniper_sdk.conformance.purity import pure
from sniper_sdk.conformance.venue_world import ADDRESS, MOST_GAS, VenueWorld, changed


class VenueSwaps(VenueWorld):
    """One transaction through one pool, and the approvals that it needs."""

    def test_it_serves_what_it_says_and_nothing_unknown(self) -> None:
        venue = self._made()
        assert venue.serves(self.chain_id, self.amm), f"does not serve {self.amm} on chain {self.chain_id}"
        assert not venue.serves(self.chain_id, "no-such-amm"), "claims to serve an AMM that does not exist"
        assert not venue.serves(2**40, self.amm), "claims to serve a chain that does not exist"
        spender = venue.spender(self.chain_id, self.amm)
        assert ADDRESS.fullmatch(spender), f"spender is {spender!r}; addresses are 0x and 40 lower-case digits"

    def test_a_plan_ends_with_the_swap_and_holds_only_approvals_before_it(self) -> None:
        def check(swap: Swap) -> None:
            *approvals, last = self._plan(swap)
            expected = "entry" if swap.opens else "exit"
            assert last.purpose == expected, f"the swap's purpose is {last.purpose!r}, which must be {expected!r}"
            value = swap.amount_in if swap.token_in == NATIVE else 0
            assert last.value == value, f"the swap sends {last.value} wei along; it must send {value}"
            self._are_approvals(approvals)
            enough = swap.token_in == NATIVE or swap.allowance >= swap.amount_in
            assert not (enough and approvals), f"approves {len(approvals)} time(s), though the allowance is enough"
            assert enough or approvals, "the allowance is too small, and nothing approves"

        for_all(check, examples=self.examples, swap=self.swaps())

    def test_proceeds_go_to_the_owner_and_the_minimum_is_insisted_on(self) -> None:
        def check(swap: Swap) -> None:
            self._pays_the_owner_enough(swap, self._plan(swap)[-1])

        for_all(check, examples=self.examples, swap=self.swaps())

    def test_every_part_of_a_swap_that_matters_changes_the_plan(self) -> None:
        def check(swap: Swap) -> None:
            plan = self._plan(swap)
            other = "0x" + "77" * 20
            for name in (*self._parts, "token_in" if swap.token_out == NATIVE else "token_out"):
                value = other if name in ("owner", "token_in", "token_out") else getattr(swap, name) + 1
                another = changed(swap, **{name: value})
                assert self._plan(another)[-1] != plan[-1], f"another {name} gives the same transaction"

        for_all(check, examples=self.examples, swap=self.swaps())

    def test_approvals_are_exact_and_only_where_needed(self) -> None:
        def check(token: str, amount: int, allowance: int) -> None:
            venue = self._made()
            steps = venue.approve(self.chain_id, self.amm, token, amount, allowance)
            if allowance >= amount:
                assert steps == (), f"approves, though {allowance} may be taken already and {amount} is needed"
                return
            assert steps, f"only {allowance} may be taken, {amount} is needed, and nothing approves"
            self._are_approvals(steps)
            assert amount.to_bytes(32, "big") in steps[-1].data, f"does not approve exactly {amount}"

        tokens = st.integers(0x10000, 2**160 - 1).map(lambda n: f"0x{n:040x}")
        amounts = strategies.amounts().map(lambda amount: amount + 1)
        for_all(
            check, examples=self.examples, token=tokens, amount=amounts, allowance=st.just(0) | strategies.amounts()
        )

    def test_planning_is_deterministic_pure_and_within_its_steps(self) -> None:
        def check(swap: Swap, between: Swap) -> None:
            venue = self._made()
            with pure():
                first = venue.plan(swap)
            venue.plan(between)
            with step_budget(self.max_steps):
                again = venue.plan(swap)
            assert first == again == self._made().plan(swap), "the same swap has another plan the second time"

        for_all(check, examples=min(self.examples, 15), swap=self.swaps(), between=self.swaps())

    def test_what_it_says_of_its_chain_is_the_same_each_time(self) -> None:
        """What it serves and whom it lets spend is the same each time, and asked of nobody."""
        venue = self._made()
        with pure():
            said = [(venue.serves(self.chain_id, self.amm), venue.spender(self.chain_id, self.amm)) for _ in range(3)]
        assert type(said[0][0]) is bool, f"serves() says {said[0][0]!r}; give True or False"
        assert said == [said[0]] * 3, f"says {said}: another answer to the same question"

    def test_steps_are_whole_and_can_be_sent(self) -> None:
        """Steps are a tuple; values and gas are integers that a transaction can hold."""

        def check(swap: Swap) -> None:
            plan = self._plan(swap)
            assert type(plan) is tuple, f"a plan is a {type(plan).__name__}; give a tuple of steps"
            for step in plan:
                assert type(step) is Step, f"a plan holds {step!r}; give steps"
                whole = type(step.value) is int and type(step.gas) is int
                assert whole, f"value {step.value!r} and gas {step.gas!r} must be integers"
                assert step.value >= 0, f"a step sends {step.value} wei along"
                assert step.gas <= MOST_GAS, f"a step asks for {step.gas} gas, which no block has"
                assert msgspec.convert(msgspec.to_builtins(step), Step) == step, "a step is another one after JSON"

        for_all(check, examples=min(self.examples, 30), swap=self.swaps())

    def test_amounts_of_every_size_are_exact(self) -> None:
        """Dust and more than a float can hold are sold to the last unit, whatever decimals a token has."""
        for amount in (1, 10**6 + 1, 10**18 + 1, 2**53 + 1, 10**27 + 1, 2**112 - 1):
            for way in ("buy", "sell", "between"):
                swap = self._fixed(way, amount_in=amount, min_out=amount)
                last = self._plan(swap)[-1]
                self._pays_the_owner_enough(swap, last)
                value = amount if swap.token_in == NATIVE else 0
                assert last.value == value, f"the swap sends {last.value} wei along; it must send {value}"

    def test_both_coins_matter(self) -> None:
        """Another token to pay, or to be paid in, is another transaction."""

        def check(swap: Swap) -> None:
            last, other = self._plan(swap)[-1], "0x" + "77" * 20
            for name in ("token_in", "token_out"):
                if getattr(swap, name) != NATIVE:
                    another = changed(swap, **{name: other})
                    assert self._plan(another)[-1] != last, f"another {name} gives the same transaction"

        for_all(check, examples=min(self.examples, 30), swap=self.swaps())

    def test_the_wrapped_coin_is_a_token(self) -> None:
        """Who pays with the wrapped coin sends no native one, and who wants it is not paid in native coin."""
        *approvals, last = self._plan(self._fixed("buy", token_in=self.wrapped()))
        assert last.value == 0, f"pays {last.value} wei of native coin for who pays with the wrapped one"
        assert [step.to for step in approvals] == [self.wrapped()], "does not approve the wrapped coin"
        unwrapped = self._plan(self._fixed("sell"))[-1].data
        kept = self._plan(self._fixed("sell", token_out=self.wrapped()))[-1].data
        assert unwrapped != kept, "who is paid in the wrapped coin has the same transaction as who wants the native one"

    def test_the_deadline_is_insisted_on(self) -> None:
        """The deadline stands in the calldata, in seconds."""

        def check(swap: Swap) -> None:
            last = self._plan(swap)[-1]
            assert swap.deadline.to_bytes(32, "big") in last.data, f"deadline {swap.deadline} is not in the calldata"

        for_all(check, examples=min(self.examples, 30), swap=self.swaps())

    def test_the_purpose_changes_nothing_but_the_purpose(self) -> None:
        """Whether it opens or closes a position, the transaction is the same."""

        def check(swap: Swap) -> None:
            plan = self._plan(swap)
            turned = self._plan(changed(swap, opens=not swap.opens))
            assert turned[:-1] == plan[:-1], "opening and closing need other approvals"
            last = changed(turned[-1], purpose=plan[-1].purpose)
            assert last == plan[-1], "opening and closing are different transactions"

        for_all(check, examples=min(self.examples, 30), swap=self.swaps())

    def test_what_is_allowed_changes_approvals_alone(self) -> None:
        """The swap is the same, whatever the owner allows already."""

        def check(swap: Swap, allowance: int) -> None:
            if swap.token_in == NATIVE:
                return
            other = self._plan(changed(swap, allowance=allowance))
            assert other[-1] == self._plan(swap)[-1], f"an allowance of {allowance} changes the swap itself"

        for_all(check, examples=min(self.examples, 30), swap=self.swaps(), allowance=strategies.amounts())

    def test_legs_are_for_executors_alone(self) -> None:
        """`Swap.legs` does not change a plan."""
        for way in ("buy", "sell"):
            swap = self._fixed(way)
            leg = RouteLeg(
                pool="0x" + "99" * 20,
                amm=self.amm,
                pool_data=self.pool_data,
                coin_in=self.wrapped(),
                coin_out="0x" + "98" * 20,
                share=WHOLE,
            )
            told = changed(swap, legs=(leg,))
            assert self._plan(told) == self._plan(swap), "reads swap.legs, which tell executors, not venues"

    def test_the_native_coin_needs_no_approval(self) -> None:
        """Nothing can be allowed of the chain's own coin: it is sent along."""
        steps = self._made().approve(self.chain_id, self.amm, NATIVE, 10**18, 0)
        assert steps == (), f"approves the native coin with {len(steps)} step(s)"

    def test_who_may_take_it_is_the_spender_alone(self) -> None:
        """Each approval goes to the token, and names `spender` and an amount."""

        def check(token: str, amount: int, allowance: int) -> None:
            venue = self._made()
            spender = venue.spender(self.chain_id, self.amm)
            steps = venue.approve(self.chain_id, self.amm, token, amount, allowance)
            self._are_of(steps, token, spender)

        tokens = st.integers(0x10000, 2**160 - 1).map(lambda n: f"0x{n:040x}")
        wanted = strategies.amounts().map(lambda amount: amount + 1)
        for_all(check, examples=30, token=tokens, amount=wanted, allowance=st.just(0) | strategies.amounts())

    def test_an_allowance_that_is_too_small_is_reset_first(self) -> None:
        """Tokens like USDT refuse to change an allowance that is not zero."""
        venue, token = self._made(), "0x" + "55" * 20
        steps = venue.approve(self.chain_id, self.amm, token, 1_000, 999)
        asked = [self._approved(step) for step in steps]
        assert asked == [0, 1_000], f"sets an allowance of 999 to {asked}, one after the other; it must be 0, 1000"
        fresh = [self._approved(step) for step in venue.approve(self.chain_id, self.amm, token, 1_000, 0)]
        assert fresh == [1_000], f"sets an allowance of 0 to {fresh}; it must be 1000 at once"

    def test_one_unit_decides_whether_it_approves(self) -> None:
        """An allowance that just does is left as it is."""
        venue, token = self._made(), "0x" + "55" * 20
        for amount in (1, 10**18, 2**112):
            assert venue.approve(self.chain_id, self.amm, token, amount, amount) == (), f"approves {amount} once more"
            steps = venue.approve(self.chain_id, self.amm, token, amount, amount - 1)
            assert steps, f"{amount - 1} may be taken, {amount} is needed, and nothing approves"

    def test_a_plan_approves_as_it_says_it_would(self) -> None:
        """The steps before the swap are those of `approve`."""

        def check(swap: Swap) -> None:
            said = self._made().approve(swap.chain_id, swap.amm, swap.token_in, swap.amount_in, swap.allowance)
            assert self._plan(swap)[:-1] == said, "plan and approve do not agree on what has to be approved"

        for_all(check, examples=min(self.examples, 30), swap=self.swaps())

    def test_it_cannot_be_changed(self) -> None:
        venue: Any = self._made()  # Any: it may have any attribute
        for name in ("config", "not_a_declared_field"):
            try:
                setattr(venue, name, None)
            except AttributeError:
                continue
            raise AssertionError(f"{self.venue.__name__}.{name} can be set: a venue is frozen and keeps nothing")

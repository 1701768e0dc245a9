"""What an AMM must hold: laws of prices, and exactness against the real contract."""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import permutations
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

import pytest
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from sniper.amm import Amm, NoLiquidity, Segment
from sniper.codec import encode_state, restore_state
from sniper_sdk import strategies
from sniper_sdk.conformance.budget import step_budget
from sniper_sdk.conformance.drawing import for_all, some
from sniper_sdk.conformance.playing import Case, Player
from sniper_sdk.conformance.stateful import Stateful

if TYPE_CHECKING:
    from sniper_sdk.devchain import DevChain

A = TypeVar("A", bound=Amm)

Logged = tuple[str, tuple[Any, ...]]
"""A decoded log: the name of the method that handles it, and its parameters. Any: of ABI types."""


class AmmPlayer(Player):
    """Pieces of a history are logs (or None) and an amount to quote in both directions after them."""

    def step(self, given: tuple[Logged | None, int]) -> list[bytes]:
        log, amount = given
        pool: Any = self.instance  # Any: log handlers have names of their own
        answers = []
        if log is not None:
            change = getattr(pool, log[0])(*log[1])
            is_change = change is None or (isinstance(change, tuple) and all(type(moved) is int for moved in change))
            assert is_change, f"{log[0]} returned {change!r}; see sniper.amm.Change"
            answers.append(repr(change).encode())
        outdated = pool.outdated()
        assert type(outdated) is bool, f"outdated() returned {outdated!r}; it says True or False"
        answers.append(repr(outdated).encode())
        for i, j in ((0, 1), (1, 0)):
            answers += [repr(_out(pool, i, j, amount)).encode(), repr(_in(pool, i, j, amount)).encode()]
            answers.append(repr(_price(pool, i, j)).encode())
        return answers


class AmmConformance(Stateful, Generic[A]):
    """Prices are whole, monotonic, never better than the marginal one and give no money away; what the contract would
    refuse is `NoLiquidity`; a checkpoint is independent; quoting changes nothing; with `deploy` and `compare`, equal to
    the contract.

        class TestConstantProduct(AmmConformance[ConstantProduct]):
            amm = ConstantProduct
            pools = st.builds(ConstantProduct, config=st.just(CONFIG), reserves=st.tuples(uint112, uint112))

    pools   Pools in any state that the contract can be in, empty ones included.
    coins   How many coins a pool has.
    slack   Base units that the contract's own rounding may ask beyond the least amount in.
    """

    kind: ClassVar[str] = "amm"
    amm: ClassVar[type[Amm]]
    pools: ClassVar[SearchStrategy[Any]]  # Any: of A, which a class attribute cannot name
    coins: ClassVar[int] = 2
    slack: ClassVar[int] = 1
    examples: ClassVar[int] = 100

    def logs(self, pool: A) -> SearchStrategy[Logged] | None:
        """What the contract of ``pool`` may log next; None: histories hold no logs, and only states are tested."""
        return None

    def amounts(self) -> SearchStrategy[int]:
        """Amounts to quote, base units, from 1."""
        return strategies.amounts(2**128).map(lambda amount: amount + 1)

    def deploy(self, chain: "DevChain", pool: A) -> str:
        """Put the real contract in this pool's state, and say its address; omit it, and exactness is not tested."""
        raise NotImplementedError

    def compare(self, chain: "DevChain", address: str, i: int, j: int, amount_in: int) -> int | None:
        """What the real contract at ``address`` gives; None where it reverts. Needed with `deploy`."""
        raise NotImplementedError

    # ---- histories ----

    def cases(self) -> SearchStrategy[Case]:
        return st.composite(self._case)()

    def sources(self) -> Iterable[type]:
        return (self.amm,)

    def _case(self, draw: st.DrawFn) -> Case:
        pool = draw(self.pools)
        beginning = encode_state(pool)

        def start() -> AmmPlayer:
            return AmmPlayer(restore_state(type(pool), beginning, config=pool.config))

        moving: Any = start().instance
        history: list[tuple[Logged | None, int]] = []
        for amount in draw(st.lists(self.amounts(), max_size=6)):
            logs = self.logs(moving)
            log = None if logs is None else draw(logs)
            if log is not None:
                getattr(moving, log[0])(*log[1])
            history.append((log, amount))
        return Case(start, history)

    # ---- laws ----

    def test_amounts_are_whole_and_at_most_what_the_pool_holds(self) -> None:
        def check(pool: A, i: int, j: int, amount: int) -> None:
            out, reserve = _out(pool, i, j, amount), pool.reserve(j)
            assert type(reserve) is int, f"reserve({j}) is {reserve!r}; amounts are integers in base units"
            assert reserve >= 0, f"reserve({j}) is {reserve}"
            if out is not None:
                assert out <= reserve, f"{amount} buys {out} of coin {j}, of which the pool can pay {reserve}"
            beyond = _in(pool, i, j, reserve + 1)
            assert beyond is None, f"asks {beyond} for one more of coin {j} than it can pay: raise NoLiquidity"

        self._law(check)

    def test_nothing_and_less_than_nothing_are_refused(self) -> None:
        def check(pool: A, i: int, j: int, amount: int) -> None:
            for none in (0, -1, -amount):
                for name, quoted in (("amount_out", _out(pool, i, j, none)), ("amount_in", _in(pool, i, j, none))):
                    assert quoted is None, f"{name} of {none} is {quoted}: raise NoLiquidity"

        self._law(check)

    def test_no_more_is_taken_than_it_says(self) -> None:
        def check(pool: A, i: int, j: int, amount: int) -> None:
            most = pool.most_in(i, j)
            assert type(most) is int, f"most_in is {most!r}; amounts are integers in base units"
            assert most >= 0, f"most_in is {most}"
            if most < 2**256 - 1:
                assert _out(pool, i, j, most + 1) is None, f"{most + 1} is taken, but most_in is {most}"
            if _out(pool, i, j, amount) is not None:
                assert amount <= most, f"{amount} is taken, but most_in is {most}"
                if most < 2**256 - 1:
                    assert _out(pool, i, j, most) is not None, f"{amount} is taken, but not most_in, {most}"

        self._law(check)

    def test_more_in_is_never_less_out(self) -> None:
        def check(pool: A, i: int, j: int, amount: int, more: int) -> None:
            less, greater = _out(pool, i, j, amount), _out(pool, i, j, amount + more)
            if less is not None and greater is not None:
                assert less <= greater, f"{amount} of coin {i} buys {less}, but {amount + more} only {greater}"
            need, needs = _in(pool, i, j, amount), _in(pool, i, j, amount + more)
            if need is not None and needs is not None:
                assert need <= needs, f"{amount} of coin {j} costs {need}, but {amount + more} only {needs}"

        self._law(check, more=self.amounts())

    def test_segments_are_the_curve_that_the_quotes_round_down(self) -> None:
        def check(pool: A, i: int, j: int, amount: int) -> None:
            pieces = pool.segments(i, j)
            if pieces is None:
                return
            prices = [piece.y * piece.kept / piece.x for piece in pieces]
            ends = [start * (p.x / (p.x + p.kept * p.most)) ** 2 for start, p in zip(prices, pieces, strict=True)]
            for end, following in zip(ends, prices[1:], strict=False):
                assert following <= end * (1 + 1e-9), (
                    f"a piece that begins at {following} comes after one ends at {end}"
                )
            out = _out(pool, i, j, amount)
            if out is None:
                return
            most = _along(pieces, amount)
            assert out <= most * (1 + 1e-9), f"{amount} of coin {i} buys {out}, but the segments promise only {most}"
            units = 2 * len(pieces) + 2  # each step of a swap may round both amounts
            least = _along(pieces, amount - units) * (1 - 1e-9) - units
            assert out >= least, f"{amount} of coin {i} buys {out}, but the segments promise {most}"

        self._law(check)

    def test_the_rate_is_no_better_than_the_marginal_price(self) -> None:
        def check(pool: A, i: int, j: int, amount: int) -> None:
            rate, price = pool.rate(i, j), _price(pool, i, j)
            assert type(rate) is float, f"rate is {rate!r}; give a float"
            most = 0.0 if price is None else float(price) * (1 + 1e-6)
            assert 0 <= rate <= most, f"coin {j} per coin {i}: the rate is {rate}, the price {price}"

        self._law(check)

    def test_a_round_trip_gains_nothing(self) -> None:
        def check(pool: A, i: int, j: int, amount: int) -> None:
            out = _out(pool, i, j, amount)
            back = _out(pool, j, i, out) if out else None
            if back is not None:
                assert back <= amount, f"{amount} of coin {i} buys {out}, which sells for {back}: free money"

        self._law(check)

    def test_no_amount_trades_better_than_the_marginal_price(self) -> None:
        def check(pool: A, i: int, j: int, amount: int) -> None:
            price, other = _price(pool, i, j), _price(pool, j, i)
            out = _out(pool, i, j, amount)
            if price is not None and other is not None:
                assert price * other <= 1, f"coin {i} costs {price}, its inverse is {other}: free money at the margin"
            if out is not None and price is not None:
                assert out <= amount * price, f"{amount} buys {out}, more than at the marginal price {price}"

        self._law(check)

    def test_the_amount_in_buys_what_was_wanted_and_hardly_less_would(self) -> None:
        def check(pool: A, i: int, j: int, amount: int) -> None:
            reserve = pool.reserve(j)
            wanted = amount % reserve + 1 if reserve else amount
            need = _in(pool, i, j, wanted)
            if need is None:
                return
            assert need > 0, f"{wanted} of coin {j} costs {need}"
            bought = _out(pool, i, j, need)
            assert bought is not None, f"{need} is asked for {wanted}, but amount_out refuses it"
            assert bought >= wanted, f"{need} is asked for {wanted}, but buys {bought}"
            cheaper = _out(pool, i, j, need - 1 - self.slack) if need > 1 + self.slack else None
            assert cheaper is None or cheaper < wanted, (
                f"{need} is asked for {wanted}, but {need - 1 - self.slack} buys {cheaper}"
            )

        self._law(check)

    def test_quoting_changes_nothing(self) -> None:
        def check(pool: A, i: int, j: int, amount: int) -> None:
            before = encode_state(pool)
            first = _out(pool, i, j, amount), _in(pool, i, j, amount), _price(pool, i, j), pool.reserve(j)
            again = _out(pool, i, j, amount), _in(pool, i, j, amount), _price(pool, i, j), pool.reserve(j)
            assert first == again, "asked twice, it quotes differently"
            assert encode_state(pool) == before, "quoting changed the pool's state"

        self._law(check)

    def test_each_quote_stays_within_its_steps(self) -> None:
        def check(pool: A, i: int, j: int, amount: int) -> None:
            for quote in (_out, _in):
                with step_budget(self.max_steps):
                    quote(pool, i, j, amount)

        self._law(check, examples=20)

    def test_a_checkpoint_and_its_pool_do_not_change_each_other(self) -> None:
        for case in some(self.cases(), self.examples):
            player = case.start()
            assert isinstance(player.instance, Amm)
            kept = player.instance.checkpoint()
            before = encode_state(kept)
            answers = player.play(case.history)
            assert encode_state(kept) == before, (
                "logs changed a checkpoint: replace containers instead of changing them in place, or copy them in "
                "checkpoint"
            )
            after = player.saved()
            assert AmmPlayer(kept).play(case.history) == answers, "a checkpoint goes on otherwise than its pool did"
            assert player.saved() == after, "logs of a checkpoint changed its pool"

    # ---- the real contract ----

    def test_it_is_exact_against_the_real_contract(self) -> None:
        if type(self).deploy is AmmConformance.deploy:
            pytest.skip("no deploy: exactness against the contract is not tested here")
        from sniper_sdk.devchain import DevChain

        with DevChain() as chain:
            for pool in some(self.pools, 8):
                address = self.deploy(chain, pool)
                for amount in some(self.amounts(), 12):
                    for i, j in permutations(range(self.coins), 2):
                        real, quoted = self.compare(chain, address, i, j, amount), _out(pool, i, j, amount)
                        assert quoted == real, f"{pool!r}: {amount} of coin {i} buys {real}, but the quote is {quoted}"

    # Any: a law's signature names what it wants.
    def _law(self, check: Any, *, examples: int | None = None, **more: SearchStrategy[Any]) -> None:
        pairs = st.sampled_from(list(permutations(range(self.coins), 2)))
        drawn = st.tuples(self.pools, pairs, self.amounts(), st.fixed_dictionaries(more))

        def law(given: tuple[A, tuple[int, int], int, dict[str, Any]]) -> None:
            pool, (i, j), amount, rest = given
            check(pool, i, j, amount, **rest)

        for_all(law, examples=examples or self.examples, given=drawn)


def _along(pieces: Sequence[Segment], amount: int) -> float:
    """What the pieces give together for so much."""
    left, got = float(max(amount, 0)), 0.0
    for x, y, kept, most in pieces:
        here = min(left, most)
        got += y * kept * here / (x + kept * here)
        left -= here
    return got


def _out(pool: Amm, i: int, j: int, amount: int) -> int | None:
    """None where the pool refuses. Anything but `NoLiquidity` is let out."""
    try:
        out = pool.amount_out(i, j, amount)
    except NoLiquidity:
        return None
    assert type(out) is int, f"amount_out is {out!r}; amounts are integers in base units"
    assert out >= 0, f"amount_out of {amount} is {out}"
    return out


def _in(pool: Amm, i: int, j: int, amount: int) -> int | None:
    try:
        need = pool.amount_in(i, j, amount)
    except NoLiquidity:
        return None
    assert type(need) is int, f"amount_in is {need!r}; amounts are integers in base units"
    return need


def _price(pool: Amm, i: int, j: int) -> Fraction | None:
    try:
        price = pool.price(i, j)
    except NoLiquidity:
        return None
    assert type(price) is Fraction, f"price is {price!r}; give a Fraction"
    assert price >= 0, f"price is {price}"
    return price

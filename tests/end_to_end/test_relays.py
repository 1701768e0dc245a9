"""The whole bot trading through a real relay and a real builder, which go wrong in every way that they can."""

from collections.abc import AsyncIterator, Callable, Iterator

import pytest
from stand import FUNDS, FakeNode, Stand

from sniper.events import AskFailed
from sniper.kernel import facts as f
from sniper_sdk.devchain import Account, DevChain, calldata
from sniper_sdk.relay import Builder, Fault, FaultKind, Relay

PUBLIC = "eth_sendRawTransaction"
SENDS = {"private": "eth_sendPrivateTransaction", "bundle": "eth_sendBundle"}


@pytest.fixture
def chain() -> Iterator[DevChain]:
    with DevChain(automine=False, order="fifo") as running:
        yield running


@pytest.fixture
def builder(chain: DevChain) -> Builder:
    return Builder(chain)


@pytest.fixture
async def public(builder: Builder) -> AsyncIterator[Relay]:
    """Between the bot's node and the chain: the public pool."""
    async with Relay(builder, name="public") as running:
        yield running


@pytest.fixture
async def node(public: Relay) -> AsyncIterator[FakeNode]:
    fake = FakeNode(public.url)
    await fake.start()
    yield fake
    await fake.stop()


@pytest.fixture
async def relay(builder: Builder) -> AsyncIterator[Relay]:
    async with Relay(builder, seed=1) as running:
        yield running


class Relayed:
    """A stand whose blocks come from the builder; other people's transactions are mined by the chain itself."""

    def __init__(self, stand: Stand, builder: Builder, relay: Relay) -> None:
        self.stand = stand
        self.builder = builder
        self.relay = relay
        self.included: list[str] = []

    def use(self, executor: str, **options: object) -> None:
        """Send through it. Any: TOML."""
        document = self.stand.document
        document["chain"]["dev"]["executor"] = executor
        document["executor"] = {executor: {"endpoints": [self.relay.url], "timeout_s": 5.0, **options}}

    async def mine(self, blocks: int = 1) -> None:
        """As `Stand.mine`, with the builder."""
        for _ in range(blocks):
            built = self.builder.build()
            self.included += built.included
            await self.stand.until(lambda record, head=built.number: record.head >= head and record.quiet)

    def sent_by(self, door: Relay, *methods: str) -> int:
        """How many requests of these methods it got."""
        return sum(method in methods for method, _ in door.asked)

    def once(self) -> None:
        """Every transaction of the bot is in one block at most, and its books equal the chain."""
        assert len(self.included) == len(set(self.included))
        assert self.stand.chain.nonce(self.stand.owner) == len(self.included)
        assert self.stand.differences() == []


@pytest.fixture
async def relayed(
    stands: Callable[..., Stand], builder: Builder, relay: Relay, monkeypatch: pytest.MonkeyPatch
) -> Relayed:
    stand = stands("main")
    made = Relayed(stand, builder, relay)
    monkeypatch.setattr(stand, "mine", made.mine)
    return made


@pytest.mark.parametrize("executor", ["private", "bundle"])
async def test_a_trade_goes_through_the_relay_and_nobody_else_sees_it(
    relayed: Relayed, public: Relay, executor: str
) -> None:
    relayed.use(executor, fallback_blocks=30)
    stand = relayed.stand
    await stand.start()
    launch = await stand.hold_a_launch()
    stand.market.buy(launch, 8 * 10**18)
    stand.chain.mine()  # the whale's block; the sale's price is of it
    asset = launch.asset(stand.chain)
    await stand.mine_until(lambda record: asset not in record.books["main"].positions)
    assert relayed.sent_by(public, PUBLIC) == 0
    assert relayed.sent_by(relayed.relay, SENDS[executor]) >= 3  # entry, approval, exit
    assert stand.record.attempts("exit", "included")
    relayed.once()
    assert await stand.replayed() == 0


@pytest.mark.parametrize("executor", [pytest.param("private", marks=pytest.mark.long), "bundle"])
async def test_answers_that_are_lost_come_twice_or_lie_double_nothing(relayed: Relayed, executor: str) -> None:
    relayed.use(executor, fallback_blocks=30)
    kinds = (FaultKind.LOSE_ANSWER, FaultKind.ANSWER_TWICE, FaultKind.DENY)
    relayed.relay.faults.add(*(Fault(kind, percent=40) for kind in kinds))
    stand = relayed.stand
    await stand.start()
    launch = await stand.hold_a_launch()
    assert {kind for _, kind, _ in relayed.relay.faults.fired} >= {FaultKind.LOSE_ANSWER}
    assert stand.record.entries_of() == {launch.asset(stand.chain): 1}
    assert stand.chain.token_balance(launch.token, stand.owner) > 0
    relayed.once()


@pytest.mark.parametrize("executor", [pytest.param("bundle", marks=pytest.mark.long), "private"])
async def test_a_relay_that_censors_and_one_that_forgets_cost_blocks_and_the_trade_is_made_publicly(
    relayed: Relayed, public: Relay, executor: str
) -> None:
    relayed.use(executor, fallback_blocks=2)
    relayed.relay.faults.add(Fault(FaultKind.CENSOR), Fault(FaultKind.DROP, percent=50))
    stand = relayed.stand
    await stand.start()
    launch = await stand.hold_a_launch()
    assert stand.record.entries_of() == {launch.asset(stand.chain): 1}
    assert relayed.sent_by(public, PUBLIC) >= 2  # entry and approval
    signed = [moved.raw for moved in stand.record.all(f.AttemptMoved) if moved.state == "signed"]
    seen = [params[0] for method, params in public.asked if method == PUBLIC]
    assert {bytes.fromhex(raw[2:]) for raw in seen} <= set(signed)  # the same bytes, and no others
    relayed.once()


@pytest.mark.parametrize("executor", [pytest.param("private", marks=pytest.mark.long), "bundle"])
async def test_the_approval_of_a_token_that_is_paid_with_is_in_the_block_of_its_entry(
    relayed: Relayed, public: Relay, executor: str
) -> None:
    unit = 10**6
    relayed.use(executor, fallback_blocks=30)
    stand, bank = relayed.stand, Account.named("bank")
    stand.chain.fund(bank.address, FUNDS)
    dollars = stand.market.token("PlainToken", bank)
    stand.chain.send(bank, dollars, calldata("transfer(address,uint256)", stand.owner, 100_000 * unit))
    document = stand.document
    document["account"]["main"]["quote"] = dollars.lower()
    document["strategy"]["launch-snipe"]["min_liquidity"] = 1_000 * unit
    document["sizer"]["fixed"]["amount"] = 500 * unit
    document["risk"]["limits"] |= {"max_spend_per_trade": 500 * unit, "max_spend_per_day": 5_000 * unit}
    document["risk"]["liquidity"]["min_quote_reserve"] = 1_000 * unit
    await stand.start()
    launch = stand.market.launch(liquidity=50_000 * unit, quote=dollars, quote_owner=bank)
    asset = launch.asset(stand.chain)
    await stand.until(lambda record: record.entries_of().get(asset))
    await stand.mine_until(lambda record: not record.books["main"].orders)
    approval, entry, way_out = [moved for moved in stand.record.all(f.AttemptMoved) if moved.state == "included"]
    assert (approval.attempt[-2:], entry.attempt[-2:]) == ("#0", "#1")
    assert approval.block == entry.block < way_out.block
    assert relayed.sent_by(public, PUBLIC) == 0
    if executor == "bundle":
        assert min(len(params[0]["txs"]) for _, params in relayed.relay.asked[:2]) == 2
    assert stand.differences(tokens=[dollars]) == []
    relayed.once()
    assert await stand.replayed() == 0


async def test_a_crash_between_a_relays_yes_and_the_bots_hearing_it_doubles_nothing(relayed: Relayed) -> None:
    relayed.use("bundle", fallback_blocks=30)
    stand = relayed.stand
    await stand.start()
    relayed.relay.faults.add(Fault(FaultKind.LOSE_ANSWER))
    launch = stand.market.launch()
    asset = launch.asset(stand.chain)
    await stand.until(lambda record: any("?send" in each.ask for each in record.all(AskFailed)))
    relayed.relay.faults.clear()
    await stand.bot.kill()
    relayed.included += relayed.builder.build().included
    await stand.start()
    await stand.mine_until(lambda record: record.books["main"].positions.get(asset) and not record.books["main"].orders)
    assert stand.record.entries_of() == {asset: 1}
    relayed.once()


async def test_an_entry_that_would_revert_is_not_sent_and_costs_nothing(relayed: Relayed, public: Relay) -> None:
    """A token that takes 3% of each transfer, where 1% may be lost and no risk check looks."""
    relayed.use("bundle")
    stand = relayed.stand
    del stand.document["risk"]["honeypot"]
    stand.document["account"]["main"]["execution"]["slippage_bps"] = 100
    await stand.start()
    stand.market.launch("FeeToken")
    await stand.until(lambda record: any(moved.state == "dropped" for moved in record.all(f.AttemptMoved)))
    (dropped,) = [moved for moved in stand.record.all(f.AttemptMoved) if moved.state == "dropped"][:1]
    assert "would revert" in dropped.note
    assert relayed.sent_by(relayed.relay, "eth_sendBundle") == relayed.sent_by(public, PUBLIC) == 0
    assert stand.nonce() == 0
    assert stand.differences() == []


async def test_a_flatten_is_not_stuck_behind_a_relay_that_censors(relayed: Relayed, public: Relay) -> None:
    relayed.use("private", fallback="never")
    stand = relayed.stand
    await stand.start()
    launch = await stand.hold_a_launch()
    assert relayed.sent_by(public, PUBLIC) == 0
    relayed.relay.faults.add(Fault(FaultKind.CENSOR))
    stand.kill_switch("flatten")
    asset = launch.asset(stand.chain)
    head = stand.chain.block_number()
    await stand.mine_until(lambda record: asset not in record.books["main"].positions)
    assert relayed.sent_by(public, PUBLIC) == 1
    assert stand.chain.block_number() - head <= 3
    relayed.once()

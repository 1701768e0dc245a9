"""Effects: each ask is carried out under its deadline, and whatever comes of it goes back as an event."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Any, Final

from structlog.typing import FilteringBoundLogger

from sniper.codec import encode, encode_state
from sniper.errors import PluginFault, SniperError, said, told, writable
from sniper.events import (
    AskFailed,
    BalancesRead,
    Event,
    GasRead,
    PoolRead,
    ProbeAnswered,
    RollupRead,
    RouteProposed,
    SellSimulated,
    Signed,
    TokenDescribed,
)
from sniper.evm.abi import function
from sniper.evm.rollup_prices import read_prices
from sniper.evm.rpc import Endpoints
from sniper.executor import Executor, Outcome
from sniper.kernel.asks import (
    Ask,
    Cancel,
    DescribeToken,
    FindOrder,
    Presign,
    Probe,
    ProposeRoute,
    ReadBalances,
    ReadDesk,
    ReadGas,
    ReadPool,
    ReadRollup,
    Send,
    Settle,
    Sign,
    SimulateSell,
    Submit,
)
from sniper.kernel.given import given
from sniper.kernel.kernel import Kernel
from sniper.runtime.answers import sent, settled
from sniper.runtime.clock import Clock
from sniper.runtime.desks import LiveDesks, PlayedDesks, venue_of
from sniper.runtime.forks import ChainAt, ShellIo
from sniper.runtime.kill import refusal, withheld
from sniper.runtime.routing import Routing
from sniper.runtime.simulations import Simulations
from sniper.runtime.stage import BALANCE_OF
from sniper.runtime.workers import Workers
from sniper.signer import Signed as Signature
from sniper.signer import Signer, SignerRefused, SignRequest
from sniper.types import NATIVE, SECOND, KillLevel, asset_id

SETTLED_AT_ONCE: Final = 8
"""Transactions of one account: to trace one, a node plays all that stand before it in its block, and one that is asked
for hundreds at once answers none in time."""
Publish = Callable[[Sequence[Event]], Awaitable[None]]
SYMBOL = function("symbol()(string)")
DECIMALS = function("decimals()(uint8)")


class Effects:
    """Carries out asks. One task each; `close` cancels what is under way: queries are asked again at the next start,
    and a command that was cancelled is unknown, as after a crash."""

    def __init__(
        self,
        kernel: Kernel,
        *,
        endpoints: dict[int, Endpoints],
        executor: Executor,
        signer: Signer | None,
        publish: Publish,
        clock: Clock,
        kill: Callable[[str], KillLevel],
        log: FilteringBoundLogger,
        paper_cash: Mapping[str, int] | None = None,
        routing: Routing | None = None,
        workers: int = 2,
        hardforks: Mapping[int, str] | None = None,
        fence: Callable[[str], int] = lambda account: 0,
        desks: LiveDesks | PlayedDesks | None = None,
    ) -> None:
        """``routing``: None where no entry is routed. ``kill``: where an account stands now.
        ``paper_cash``: what an account starts with of its quote asset where trades are only played, in equal parts in
        its wallets. ``workers``: most
        processes for what probes compute and simulate. ``hardforks``: see `Simulations`. ``fence``: the token of an
        account's lease; raises `LeaseLost` while that is not sure, and then nothing is signed or sent.
        ``desks``: None where no account has one."""
        self._kernel = kernel
        self._endpoints = endpoints
        self._executor = executor
        self._signer = signer
        self._routing = routing
        self._publish = publish
        self._clock = clock
        self._kill = kill
        self._fence = fence
        self._paper_cash = paper_cash or {}
        self._log = log
        self._tasks: set[asyncio.Task[None]] = set()
        self._settling: dict[str, asyncio.Task[None]] = {}
        """By account: the newest question what became of a transaction."""
        self._few = {name: asyncio.Semaphore(SETTLED_AT_ONCE) for name in kernel.accounts}
        self._workers = Workers(workers)
        self._simulations = Simulations(self._at, self._workers, hardforks)
        self._io = {
            name: ShellIo(account, self._at, self._simulations, self._workers)
            for name, account in kernel.accounts.items()
        }
        self._carry: dict[type[Any], Callable[[Ask], Awaitable[Event]]] = {
            Probe: self._probe,
            ProposeRoute: self._route,
            Send: self._send,
            Settle: self._settle,
            SimulateSell: self._sell,
            ReadBalances: self._balances,
            DescribeToken: self._describe,
            ReadPool: self._pool,
            ReadRollup: self._rollup,
            ReadGas: self._gas,
        }
        self._played = desks if isinstance(desks, PlayedDesks) else None
        if isinstance(desks, LiveDesks):
            self._carry.update(dict.fromkeys((Submit, Cancel, FindOrder, ReadDesk), desks.carried))

    async def warm(self) -> None:
        """Start what probes will want, where there are any. Raises `ComputeError`."""
        if any(account.entries.probes for account in self._kernel.accounts.values()):
            await self._workers.warm()

    def start(self, ask: Ask) -> None:
        """Let it leave. A signature is asked for at once: the signer works while the ask is put on record. What became
        of transactions is asked a few at a time, and told in the order of the questions, in which alone it can be
        booked."""
        if self._played is not None and venue_of(ask):
            self._played.ask(ask)
            return
        asked = self._request(ask) if type(ask.body) in (Sign, Presign) else None
        settles = type(ask.body) is Settle
        before = self._settling.get(ask.account) if settles else None
        task = asyncio.get_running_loop().create_task(self._run(ask, asked, before))
        if settles:
            self._settling[ask.account] = task
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """End what is under way."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._simulations.close()
        await self._workers.close()

    async def _run(self, ask: Ask, asked: Awaitable[Signature] | None, before: asyncio.Task[None] | None) -> None:
        try:
            async with self._turn(ask), asyncio.timeout(ask.deadline / SECOND):
                answer = await (self._carry[type(ask.body)](ask) if asked is None else self._sign(ask, asked))
            given(answer, type(answer))  # what a plugin put into it may be of any type
        except TimeoutError:
            answer = self._failed(ask, "deadline", f"no answer within {ask.deadline / SECOND:g} s")
        except SniperError as error:
            answer = self._failed(ask, error.code, said(error))
        except Exception as error:  # a plugin's code, or a defect of ours: the kernel must learn of it either way
            self._log.exception("effect failed", ask=ask.id)
            answer = self._failed(ask, "failed", told(error))
        if before is not None:
            await asyncio.wait([before])
        await self._publish([answer])

    def _turn(self, ask: Ask) -> AbstractAsyncContextManager[None]:
        """When it may leave; its deadline counts from then on."""
        return self._few[ask.account] if type(ask.body) is Settle else nullcontext()

    def _failed(self, ask: Ask, code: str, message: str) -> Event:
        code, message = writable(str(code)), writable(message)
        self._log.warning("effect gave no answer", ask=ask.id, code=code, reason=message)
        return AskFailed(time=self._clock(), account=ask.account, ask=ask.id, code=code, message=message)

    def _at(self, chain_id: int) -> Endpoints:
        return self._endpoints[chain_id]

    async def _probe(self, ask: Ask) -> Event:
        body = ask.body
        assert isinstance(body, Probe)
        probe = self._kernel.accounts[ask.account].entries.judges[body.check]
        evidence = await probe.probe(body.entry, self._io[ask.account])
        return ProbeAnswered(time=self._clock(), account=ask.account, ask=ask.id, evidence=encode(evidence))

    async def _route(self, ask: Ask) -> Event:
        body = ask.body
        assert isinstance(body, ProposeRoute)
        # Without routers where they were there when this was asked, before a restart.
        found = await self._routing.legs(body.asks, within_s=ask.deadline / SECOND) if self._routing else ()
        return RouteProposed(time=self._clock(), account=ask.account, ask=ask.id, proposals=found)

    def _request(self, ask: Ask) -> Awaitable[Signature]:
        body = ask.body.sign if isinstance(ask.body, Presign) else ask.body
        assert isinstance(body, Sign)
        assert self._signer is not None
        refused = refusal(self._kill(ask.account), body.purpose)
        if refused:
            remedy = "lower it when the reason for it is gone: sniper kill-switch off"
            return _raising(SignerRefused("kill-switch", f"{body.purpose}: {refused}", "what it lets through", remedy))
        try:
            fence = self._fence(ask.account)
        except SniperError as error:
            return _raising(error)
        request = SignRequest(
            account=ask.account,
            sender=body.sender,
            chain_id=body.chain_id,
            nonce=body.nonce,
            max_priority_fee=body.bid.max_priority_fee,
            max_fee=body.bid.max_fee,
            gas=body.gas,
            to=body.to,
            value=body.value,
            data=body.data,
            purpose=body.purpose,  # type: ignore[arg-type]  # the kernel knows no other purposes
            fence=fence,
            legacy=body.legacy,
        )
        try:
            return self._signer.sign(request)
        except Exception as error:  # a plugin's code: one that raises too early fails as one that raises later
            return _raising(error)

    async def _sign(self, ask: Ask, asked: Awaitable[Signature]) -> Event:
        signed = given(await asked, Signature)
        return Signed(time=self._clock(), account=ask.account, ask=ask.id, raw=signed.raw, tx_hash=signed.tx_hash)

    async def _send(self, ask: Ask) -> Event:
        body = ask.body
        assert isinstance(body, Send)
        self._fence(ask.account)
        refused = withheld(self._kill(ask.account), body.submission)
        if refused:
            # the bytes may have left before a crash, so only a first broadcast is certain not to have left
            return sent(ask, self._clock(), Outcome(outcome="rejected", message=refused))
        answer = await self._executor.send(body.submission)
        return sent(ask, self._clock(), answer)

    async def _settle(self, ask: Ask) -> Event:
        body = ask.body
        assert isinstance(body, Settle)
        found = await self._executor.settle(body.submission)
        return settled(ask, self._clock(), found)

    async def _sell(self, ask: Ask) -> Event:
        body = ask.body
        assert isinstance(body, SimulateSell)
        fork = await self._io[ask.account].fork(body.chain_id, body.wallet)
        trade = await fork.sell(body.pool, body.amount)
        return SellSimulated(
            time=self._clock(),
            account=ask.account,
            ask=ask.id,
            token=body.token,
            block=fork.block,
            quoted=trade.expected,
            received=trade.received,
            reverted=trade.reverted,
        )

    async def _balances(self, ask: Ask) -> Event:
        body = ask.body
        assert isinstance(body, ReadBalances)
        if not self._executor.signs and self._is_played(ask.account, body.owner):
            return self._played_balances(ask, body)
        endpoints = self._endpoints[body.chain_id]
        block = int(await endpoints.call("eth_blockNumber"), 16)
        at = hex(block)
        answers = await endpoints.batch(
            [("eth_getTransactionCount", (body.owner, at)), ("eth_getBalance", (body.owner, at))]
        )
        nonce, native = (_quantity(answer) for answer in answers)
        held = []
        if body.tokens:
            results = await endpoints.read([(token, BALANCE_OF.encode(body.owner)) for token in body.tokens], block)
            held = [
                (token, BALANCE_OF.decode(result)[0])
                for token, result in zip(body.tokens, results, strict=True)
                if isinstance(result, bytes) and len(result) == 32
            ]
        start = None if self._executor.signs else self._paper_cash.get(ask.account)
        if start is not None:
            wiring = self._kernel.accounts[ask.account].wiring
            quote, start = wiring.quote, wiring.share(body.owner, start)
            native = start if quote == NATIVE else native
            held = [(token, start if token == quote else amount) for token, amount in held]
        return BalancesRead(
            time=self._clock(),
            account=ask.account,
            ask=ask.id,
            chain_id=body.chain_id,
            block=block,
            nonce=nonce,
            native=native,
            balances=tuple(held),
        )

    def _is_played(self, account: str, wallet: str) -> bool:
        """Whether trades were played for this wallet: from then on the books are all there is of it."""
        return self._kernel.accounts[account].book.counted(wallet)

    def _played_balances(self, ask: Ask, body: ReadBalances) -> Event:
        account = self._kernel.accounts[ask.account]
        book = account.book

        def held(address: str) -> int:
            asset = asset_id(body.chain_id, address)
            position = book.positions.get(asset)
            return position.amount if position else book.cash_of(asset, body.owner)

        return BalancesRead(
            time=self._clock(),
            account=ask.account,
            ask=ask.id,
            chain_id=body.chain_id,
            block=account.chain.number,
            nonce=book.sender(body.chain_id, body.owner).next_nonce,
            native=held(NATIVE),
            balances=tuple((token, held(token)) for token in body.tokens),
        )

    async def _pool(self, ask: Ask) -> Event:
        body = ask.body
        assert isinstance(body, ReadPool)
        wiring = self._kernel.market.chains[body.chain_id].amms[body.amm]
        found = await wiring.amm.load(body.pool, ChainAt(self._endpoints[body.chain_id], body.block), wiring.config)
        if found.amm is None:
            raise PluginFault(f"amm {wiring.name} read no state of pool {body.pool} at block {body.block}")
        return PoolRead(
            time=self._clock(),
            chain_id=body.chain_id,
            pool=body.pool,
            amm=body.amm,
            block=body.block,
            coins=found.coins,
            state=encode_state(found.amm),
            ask=ask.id,
            listed=body.listed,
        )

    async def _gas(self, ask: Ask) -> Event:
        body = ask.body
        assert isinstance(body, ReadGas)
        answers = await self._endpoints[body.chain_id].batch(
            [("eth_getBalance", (wallet, hex(body.block))) for wallet in body.wallets]
        )
        held = tuple((wallet, _quantity(answer)) for wallet, answer in zip(body.wallets, answers, strict=True))
        return GasRead(time=self._clock(), account=ask.account, ask=ask.id, block=body.block, balances=held)

    async def _rollup(self, ask: Ask) -> Event:
        body = ask.body
        assert isinstance(body, ReadRollup)
        rollup = self._kernel.market.chains[body.chain_id].wiring.rollup
        assert rollup is not None  # nobody asks else
        fees = await read_prices(rollup, self._endpoints[body.chain_id], body.block)
        return RollupRead(time=self._clock(), chain_id=body.chain_id, block=body.block, fees=fees)

    async def _describe(self, ask: Ask) -> Event:
        body = ask.body
        assert isinstance(body, DescribeToken)
        endpoints = self._endpoints[body.chain_id]
        symbol, decimals = await endpoints.read(
            [(body.token, SYMBOL.encode()), (body.token, DECIMALS.encode())],
            self._kernel.market.chains[body.chain_id].number,
        )
        transaction = await endpoints.call("eth_getTransactionByHash", (body.tx_hash,))
        return TokenDescribed(
            time=self._clock(),
            chain_id=body.chain_id,
            token=body.token,
            symbol=_text(symbol),
            decimals=_small(decimals),
            deployer=str(transaction["from"]).lower() if isinstance(transaction, dict) else "",
        )


async def _raising(error: Exception) -> Signature:
    raise error


def _quantity(answer: Any) -> int:
    """A JSON-RPC quantity. Any: JSON, or the node's refusal, which is raised."""
    if isinstance(answer, SniperError):
        raise answer
    return int(answer, 16)


def _text(result: object) -> str:
    """A token's symbol: what it says where that is short printable text, else nothing."""
    if not isinstance(result, bytes):
        return ""
    try:
        text = str(SYMBOL.decode(result)[0])
    except (SniperError, ValueError, OverflowError):
        return ""
    return text if text.isprintable() and len(text) <= 32 else ""


def _small(result: object) -> int:
    """A token's decimals: what it says where that makes sense, else 18."""
    value = int.from_bytes(result, "big") if isinstance(result, bytes) and len(result) == 32 else 18
    return value if value <= 77 else 18

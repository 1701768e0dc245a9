"""What the checks of an account say of a token right now: its pools read, the probes asked, everything judged.

Nothing is recorded, nothing is traded, and no run is needed. The kernel that holds what was read is thrown away.
"""

import asyncio
from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import product
from time import perf_counter_ns
from typing import Any, Final, NamedTuple, Self

import structlog

from sniper.codec import decode, encode, encode_state, to_json
from sniper.errors import ConfigError, PluginFault, RpcError, SniperError, said, told
from sniper.events import Block, PoolRead, TokenDescribed
from sniper.evm.log import Log as ChainLog
from sniper.evm.rpc import Endpoints, Provider
from sniper.kernel.entries import Denials, checked_by
from sniper.kernel.given import given
from sniper.kernel.kernel import Kernel
from sniper.kernel.pool import Pool
from sniper.kernel.reading import NOT_SEEN, Creation
from sniper.risk import Evidence, Finding, Retry, RiskProbe, must
from sniper.runtime.forks import ChainAt, ShellIo
from sniper.runtime.simulations import Simulations
from sniper.runtime.wire import wire
from sniper.runtime.workers import Workers
from sniper.settings.model import address as checked_address
from sniper.settings.resolved import Resolved
from sniper.types import NATIVE, SECOND, Entry, asset_id, split_asset

MOST_POOLS: Final = 32
"""Pools of one token that are read."""


@dataclass(frozen=True)
class Judged:
    """What one check said. ``evidence``: what its probe brought, as plain data; ``took``: ns."""

    check: str
    policy: bool
    findings: tuple[Finding, ...]
    evidence: Any = None  # Any: JSON
    took: int = 0

    @property
    def denies(self) -> bool:
        return any(not finding.ok and finding.severity == "deny" for finding in self.findings)


@dataclass
class Assessment:
    """What was found.

    entry   What was judged; None where no pool could be bought from.
    pools   Address and section of those that were read; ``unread``: addresses of those that could not be, and why.
            ``left_out``: how many were not looked at, because there are so many.
    rule    The first that denied, as ``check.rule``; empty where none did. ``retry``: what to wait for then.
    time    Of the block, ns UTC.
    """

    account: str
    chain_id: int
    block: int
    token: str
    symbol: str
    decimals: int
    pools: list[tuple[str, str]] = field(default_factory=list)
    unread: list[tuple[str, str]] = field(default_factory=list)
    entry: Entry | None = None
    judged: list[Judged] = field(default_factory=list)
    rule: str = ""
    retry: Retry | None = None
    profile: str = "balanced"
    quote_symbol: str = "ether"
    quote_decimals: int = 18
    time: int = 0
    left_out: int = 0

    @property
    def unjudged(self) -> bool:
        """Whether it could be bought, and nothing was asked whether it should."""
        return self.entry is not None and not self.judged

    @property
    def allowed(self) -> bool:
        return self.entry is not None and not self.rule and not self.unjudged

    @property
    def retry_after_s(self) -> int | None:
        """Seconds after which it may fare better; None where it will not, or no time says so."""
        if self.retry is None or not self.retry.not_before:
            return None
        return -((self.time - self.retry.not_before) // SECOND)


class Asked(NamedTuple):
    """What to judge: a purchase of ``token``.

    token    Its address.
    amount   Coins of the account's quote asset, as people write them: ``"0.1"``.
    account  Whose checks judge; None for the first.
    pool     Address of the pool to buy from; None for the one that gives most.
    since    First block in which factories are searched for pools of the token.
    """

    token: str
    amount: str = "0.1"
    account: str | None = None
    pool: str | None = None
    since: int = 0


async def assess(resolved: Resolved, asked: Asked) -> Assessment:
    """Judge it as a run would, but by every check, also where one has denied already.

    Raises `ConfigError` where what is asked for is not there, and `RpcError` where no endpoint answers.
    """
    async with Assessor(resolved, asked.account) as assessor:
        return await assessor.assess(asked)


class Assessor:
    """The checks of one account with what they need: for many tokens, one after the other or at once."""

    def __init__(self, resolved: Resolved, account: str | None = None) -> None:
        """``account``: None for the first. Raises `ConfigError` where there is no such account."""
        accounts = resolved.settings.account
        self.account = account or next(iter(accounts), "")
        if self.account not in accounts:
            raise ConfigError(f'there is no account "{self.account}"; the config has {", ".join(accounts) or "none"}')
        chain = resolved.chains[resolved.settings.chain_of(self.account)]
        rate = [Provider(url=url.url, rate=chain.rate, burst=chain.rate) for url in chain.endpoints]
        self.profile = accounts[self.account].risk_profile or resolved.settings.risk_profile
        wiring = wire(resolved, signs=False)
        (own,) = (each for each in wiring.chains if each.chain_id == chain.id)
        self.named = {address: section for section, address in own.pools}
        # What a run would read at its start is read here as far as it trades the token.
        self.wiring = replace(wiring, chains=tuple(replace(each, pools=()) for each in wiring.chains))
        self.endpoints = Endpoints(chain.id, rate)
        self.workers = Workers(resolved.runtime.workers)
        hardforks = {chain.id: chain.hardfork} if chain.hardfork else {}
        self.simulations = Simulations(lambda _: self.endpoints, self.workers, hardforks)

    async def __aenter__(self) -> Self:
        await self.endpoints.connect()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.simulations.close()
        await self.workers.close()
        await self.endpoints.close()

    async def assess(self, asked: Asked) -> Assessment:
        """See `assess`; ``asked.account`` counts for nothing."""
        asked = asked._replace(token=_address(asked.token), pool=asked.pool and _address(asked.pool))
        return await _Assessing(self, Kernel(self.wiring, _report)).of(asked)


def _address(text: str) -> str:
    try:
        return checked_address(text)
    except ValueError as error:
        raise ConfigError(f"{text!r} {error}") from None


def _base_units(text: str, decimals: int) -> int:
    try:
        amount = Decimal(text).scaleb(decimals)
        if amount > 0 and amount == amount.to_integral_value() and amount < 2**256:
            return int(amount)
    except ArithmeticError:
        pass
    raise ConfigError(
        f"the amount {text!r} is no number of coins above 0 with at most {decimals} decimals, such as 0.1"
    )


def _report(what: str, error: Exception) -> None:
    structlog.get_logger("sniper").warning(what, reason=told(error))


class _Made(NamedTuple):
    """A pool, and the log that made it; None where only the config names it."""

    section: str
    address: str
    log: ChainLog | None


class _Assessing:
    """One token."""

    def __init__(self, assessor: Assessor, kernel: Kernel) -> None:
        self.kernel = kernel
        self.account = kernel.accounts[assessor.account]
        self.named = assessor.named
        self.profile = assessor.profile
        self.endpoints = assessor.endpoints
        self.io = ShellIo(self.account, lambda _: self.endpoints, assessor.simulations, assessor.workers)
        self.chain = self.account.chain
        self.now = 0

    async def of(self, asked: Asked) -> Assessment:
        head = await self._block("latest")
        self.kernel.handle(head)
        self.at = ChainAt(self.endpoints, head.number)
        token = asked.token
        if asked.since > head.number:
            raise ConfigError(f"block {asked.since:,} is not there yet; the newest is {head.number:,}")
        if not await self.at.code(token):
            raise ConfigError(f"there is no contract at {token} on chain {self.chain.id}: is it the token's address?")
        found = Assessment(self.account.name, self.chain.id, head.number, token, *await self._described(token))
        found.profile = self.profile
        quote = split_asset(self.account.quote)[1]
        if quote != NATIVE:
            found.quote_symbol, found.quote_decimals = await self._described(quote)
        amount = _base_units(asked.amount, found.quote_decimals)
        await self._read_pools(token, asked.since, asked.pool, found)
        asset = asset_id(self.chain.id, token)
        only = asset_id(self.chain.id, asked.pool) if asked.pool else None
        best, venue, out = self.account.entries.best(asset, amount, only=only)
        if best is not None:
            found.entry = Entry(
                intent=f"{self.account.name}/assess/1",
                account=self.account.name,
                instance="assess",
                chain_id=self.chain.id,
                token=asset,
                quote=self.account.quote,
                pool=best.id,
                venue=venue,
                amount=amount,
                expected_out=out,
                reason="asked for",
            )
            await self._judge(found, found.entry)
        return found

    async def _judge(self, found: Assessment, entry: Entry) -> None:
        """All checks, also where one has denied already: who asks wants to know everything."""
        entries = self.account.entries
        probed = await asyncio.gather(*(self._probed(name, probe, entry) for name, probe, _ in entries.probes))
        by_name = {each.check: each for each in probed}
        denials = Denials()
        for wiring in entries.checks:
            check = wiring.check
            if not isinstance(check, RiskProbe):
                begin = perf_counter_ns()
                findings = checked_by(self.account, wiring.name, entry.intent, check.judge, entry, self.account.view)
                judged = Judged(wiring.name, wiring.policy, findings, took=perf_counter_ns() - begin)
            else:
                judged = replace(by_name[wiring.name], policy=wiring.policy)
            found.judged.append(judged)
            denials.add(judged.check, judged.findings)
        found.rule, found.retry, found.time = denials.rule, denials.retry(self.now), self.now

    async def _probed(self, name: str, probe: RiskProbe[Evidence], entry: Entry) -> Judged:
        begin, evidence = perf_counter_ns(), None
        try:
            async with asyncio.timeout(self.account.wiring.execution.probe_deadline / SECOND):
                seen = await probe.probe(entry, self.io)
            # As the kernel would see it: journaled, and read again.
            seen = decode(encode(seen), self.account.entries.evidence[name])
            evidence = to_json(seen)
            judged = probe.judge(entry, self.account.view, seen)
            findings = tuple(given(finding, Finding) for finding in judged) or (
                must("answers", False, note="the check gave no finding at all"),
            )
        except TimeoutError:
            findings = (must("answered", False, note="no answer within its deadline"),)
        except SniperError as error:
            findings = (must("answered", False, note=f"{error.code}: {said(error)}"),)
        except Exception as error:  # a plugin's code: a check that fails denies
            findings = (must("works", False, note=told(error)),)
        return Judged(name, False, findings, evidence, perf_counter_ns() - begin)

    # ---- what is read ----

    async def _block(self, number: str) -> Block:
        header = await self.endpoints.call("eth_getBlockByNumber", (number, False))
        try:
            timestamp = int(header["timestamp"], 16)
            self.now = max(self.now, timestamp * SECOND)
            return Block(
                time=timestamp * SECOND,
                chain_id=self.chain.id,
                number=int(header["number"], 16),
                hash=header["hash"],
                parent=header["parentHash"],
                timestamp=timestamp,
                base_fee=int(header.get("baseFeePerGas") or "0x0", 16),
                gas_used=int(header["gasUsed"], 16),
                gas_limit=int(header["gasLimit"], 16),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as cause:
            raise RpcError(f"chain {self.chain.id}: eth_getBlockByNumber gave {header!r:.120}") from cause

    async def _described(self, token: str) -> tuple[str, int]:
        try:
            (decimals,) = await self.at.read(token, "decimals()(uint8)")
        except SniperError:
            decimals = 18
        try:
            (symbol,) = await self.at.read(token, "symbol()(string)")
        except (SniperError, ValueError, OverflowError):
            symbol = ""
        return (symbol if symbol.isprintable() and len(symbol) <= 32 else ""), min(int(decimals), 77)

    async def _read_pools(self, token: str, since: int, only: str | None, found: Assessment) -> None:
        """Find the pools that factories made with this token, and read them as they are now."""
        for section, address, log in await self._made(token, since):
            if only is not None and address != only:
                continue
            if len(found.pools) == MOST_POOLS:
                found.left_out += 1
                continue
            creation = NOT_SEEN
            if log is not None:
                creation = Creation((await self._block(hex(log.block))).time, log.block, log.transaction)
            try:
                pool = await self._read(section, address, creation)
            except Exception as error:  # a plugin's code, or a pool that its AMM must not price
                found.unread.append((address, told(error)))
                continue
            if pool is not None and token in pool.coins:
                found.pools.append((address, section))
                if log is not None:
                    await self._tell(found, log.transaction)
        if only is not None and not found.pools and not found.unread:
            raise ConfigError(f"no factory of the config made a pool {only} of this token since block {since}")

    async def _tell(self, found: Assessment, tx_hash: str) -> None:
        """Who made the pool counts as the token's deployer, as in a run."""
        transaction = await self.endpoints.call("eth_getTransactionByHash", (tx_hash,))
        self.kernel.market.described(
            TokenDescribed(
                time=self.now,
                chain_id=self.chain.id,
                token=found.token,
                symbol=found.symbol,
                decimals=found.decimals,
                deployer=str(transaction["from"]).lower() if isinstance(transaction, dict) else "",
            )
        )

    async def _made(self, token: str, since: int) -> list[_Made]:
        word = "0x" + token[2:].rjust(64, "0")
        made: dict[str, _Made] = {}
        for (factory, topic), makers in sorted(self.chain.listening.creations.items()):
            logs: list[ChainLog] = []
            for place in ([word], [None, word], [None, None, word]):
                logs += await self.at.logs(address=factory, topics=[topic, *place], first=since)
            for log, (wiring, decoded, method) in product(logs, makers):
                try:
                    pool = getattr(wiring.amm, method)(wiring.config, *decoded(log.topics, log.data))
                except Exception as error:  # a plugin's code
                    _report(f"amm {wiring.name} failed on the creation log {log.index} of {log.transaction}", error)
                    continue
                if pool is not None:
                    made.setdefault(pool.pool, _Made(wiring.name, pool.pool, log))
        for address, section in self.named.items():
            made.setdefault(address, _Made(section, address, None))
        return [made[address] for address in sorted(made)]

    async def _read(self, section: str, address: str, creation: Creation) -> Pool | None:
        chain, wiring = self.chain, self.chain.amms[section]
        loaded = await wiring.amm.load(address, self.at, wiring.config)
        if loaded.amm is None:
            raise PluginFault(f"amm {wiring.name} read no state of pool {address}")
        chain.readings.want(section, address, listed=True, number=chain.number, created=creation)
        head = chain.head
        assert head is not None
        (reading,) = chain.readings.due(chain.number, head.hash, listed=True)
        return self.kernel.market.read(
            PoolRead(
                time=self.now,
                chain_id=chain.id,
                pool=address,
                amm=section,
                block=chain.number,
                coins=loaded.coins,
                state=encode_state(loaded.amm),
                ask=reading.ask,
                listed=True,
            )
        )[0]

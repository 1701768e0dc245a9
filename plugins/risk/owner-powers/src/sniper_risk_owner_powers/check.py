"""What can the owner do? Reads the token's code, and that behind it, and judges each power that it gives somebody."""

import asyncio
import secrets
from collections.abc import Sequence
from typing import Annotated, Final, Literal

from msgspec import structs
from pydantic import Field, NonNegativeInt, PositiveInt

from sniper.errors import SniperError
from sniper.evm.keccak import keccak256
from sniper.evm.proxies import Behind
from sniper.risk import Config, Entry, Evidence, Finding, Findings, Io, RiskProbe, Sure, View
from sniper.types import SECOND, split_asset
from sniper_risk_owner_powers.analyse import analyse, nothing
from sniper_risk_owner_powers.claims import can_be_shown, claims
from sniper_risk_owner_powers.deeds import Case, Outcome, carry_out
from sniper_risk_owner_powers.holders import Holder, holders, located
from sniper_risk_owner_powers.proxies import behind
from sniper_risk_owner_powers.report import POWERS, Guard, Power, Report

NOTE: Final = 200
"""Characters of a finding's note."""

LINES: Final = 8
"""Pointers of a finding."""

SECRET: Final = secrets.token_bytes(32)
"""Of this process. A token knows its own address and the block, and from them alone could tell a holder of a trial."""

Severity = Literal["allow", "warn", "deny"]


def _severity(what: str) -> object:
    return Field(description=f"somebody can {what}: allow, warn or deny")


class OwnerPowersConfig(Config):
    mint: Annotated[Severity, _severity("make tokens out of nothing")] = "deny"
    burn: Annotated[Severity, _severity("destroy the tokens of others")] = "deny"
    leak: Annotated[Severity, _severity("move the tokens of others")] = "deny"
    freeze: Annotated[Severity, _severity("stop accounts of choice from transferring")] = "deny"
    pause: Annotated[Severity, _severity("stop all transfers")] = "deny"
    limit: Annotated[Severity, _severity("change how much may be transferred or held")] = "deny"
    tax: Annotated[Severity, _severity("change what a transfer costs")] = "deny"
    sell_block: Annotated[Severity, _severity("let only some sell")] = "deny"
    upgrade: Annotated[Severity, _severity("exchange the code")] = "deny"
    take_liquidity: Annotated[Severity, _severity("take liquidity out of the pool")] = "deny"
    take_tokens: Annotated[Severity, _severity("take tokens that the contract holds")] = "allow"
    take_ether: Annotated[Severity, _severity("take ether that the contract holds")] = "allow"
    kept_role: Annotated[Severity, _severity("keep powers or come back when the owner renounced")] = "deny"
    self_destruct: Annotated[Severity, _severity("end the contract")] = "deny"
    delegatecall: Annotated[Severity, _severity("run any code in the contract's name")] = "deny"
    unclear: Annotated[
        Severity, Field(description="the code cannot be analysed to its end, or keeps no balances that are recognised")
    ] = "deny"
    min_signatures: PositiveInt = Field(
        2, description="signatures that a multisig must need for its powers to count one step less"
    )
    min_delay_s: NonNegativeInt = Field(
        86_400, description="seconds that a timelock must wait for its powers to count one step less"
    )
    confirm_ms: NonNegativeInt = Field(
        1000,
        description="how long carrying out in a simulation what was found may take, milliseconds; 0: it is not tried",
    )


class OwnerPowers(Evidence):
    """block      The state that was read.
    addresses   Where the code is: the token's own first, then what is behind it.
    report      What it can do.
    holders     Who has the roles that it needs.
    ended       Variables that end a power (`Power.ended_by`), and have.
    outcomes    Of the powers that were carried out in a simulation; ``left_out``: of how many more there was no room.
    failed      Why that did not work; empty where it did.
    """

    block: int
    addresses: tuple[str, ...]
    report: Report
    holders: tuple[Holder, ...]
    ended: tuple[str, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    left_out: int = 0
    failed: str = ""


class OwnerPowersCheck(RiskProbe[OwnerPowers]):
    config: OwnerPowersConfig

    async def probe(self, intent: Entry, io: Io) -> OwnerPowers:
        chain = await io.chain(intent.chain_id)
        token = split_asset(intent.token)[1]
        code = await behind(io, chain, token)
        if code.unresolved:
            report = nothing(code.unresolved)
        else:
            report = await io.compute(analyse, code.codes)
        guards = dict.fromkeys(guard for power in report.powers for guard in power.guards)
        ended = []
        for variable in dict.fromkeys(v for power in report.powers for v in power.ended_by):
            at = located(variable.removeprefix("!"))
            # a flag has one byte, beside others or alone
            if at is not None and bool(await chain.storage(token, at[0]) >> at[1] & 0xFF) != variable.startswith("!"):
                ended.append(variable)
        found = OwnerPowers(
            block=chain.block,
            addresses=code.addresses,
            report=report,
            holders=await holders(io, chain, token, guards),
            ended=tuple(ended),
        )
        return await self._confirmed(intent, io, code, found)

    async def _confirmed(self, intent: Entry, io: Io, code: Behind, found: OwnerPowers) -> OwnerPowers:
        """With what came of carrying it out. What cannot be carried out, or not in time, is as sure as it was."""
        if not self.config.confirm_ms or not any(can_be_shown(power) for power in found.report.powers):
            return found
        chain, token = await io.chain(intent.chain_id), split_asset(intent.token)[1]
        try:
            async with asyncio.timeout(self.config.confirm_ms / 1000):
                tried = await claims(io, chain, token, code.codes, found.report.powers, found.holders)
                if not tried.found:
                    return found
                case = Case(
                    pool=intent.pool,
                    token=token,
                    pair=split_asset(intent.pool)[1],
                    quote=split_asset(intent.quote)[1],
                    amount=intent.amount,
                    seed=keccak256(SECRET + f"{intent.token} {found.block}".encode()),
                    claims=tried.found,
                )
                outcomes = await io.simulate(intent.chain_id, carry_out, case)
        except TimeoutError:
            return structs.replace(found, failed=f"not carried out within {self.config.confirm_ms} ms")  # type: ignore[type-var]  # a msgspec struct
        except SniperError as error:
            return structs.replace(found, failed=f"could not be carried out: {error}"[:NOTE])  # type: ignore[type-var]  # a msgspec struct
        return structs.replace(found, outcomes=outcomes, left_out=tried.left_out)  # type: ignore[type-var]  # a msgspec struct

    def judge(self, intent: Entry, view: View, found: OwnerPowers) -> Findings:
        report = found.report
        unfinished = "" if report.complete else report.error or "not to its end"
        yield self._finding("analysed", report.complete, self.config.unclear, unfinished)
        unknown = "" if report.token else "no balances that are recognised"
        yield self._finding("balances", report.token, self.config.unclear, unknown)
        held = {holder.variable: holder for holder in found.holders}
        kept = {
            variable
            for power in report.powers
            if power.power == "kept-role" and not _is_gone(power, held, set())
            for variable in power.variables
        }
        by_power: dict[str, list[tuple[int, Power]]] = {}
        gone: dict[str, list[Power]] = {}
        for number, power in enumerate(report.powers):
            if _is_gone(power, held, kept):
                gone.setdefault(power.power, []).append(power)
            elif (
                (power.guards or not power.mild)
                and not _is_over(power, intent, view)
                and not set(power.ended_by) & set(found.ended)
            ):
                by_power.setdefault(power.power, []).append((number, power))
        for name in POWERS:
            numbered = by_power.get(name, [])
            powers = [power for _, power in numbered]
            asked: Severity = getattr(self.config, name.replace("-", "_"))
            if powers and all(power.mild or self._tamed(power, held, kept) for power in powers):
                asked = _MILDER[asked]
            if not powers:
                yield self._finding(name, True, asked, _renounced(gone.get(name, [])))
                continue
            done = {outcome.number: outcome for outcome in found.outcomes}
            # What was seen comes first: it is the best evidence.
            numbered.sort(key=lambda each: not _is_seen(done.get(each[0])))
            lines = tuple(_pointer(power, _tried(done.get(number), power, held)) for number, power in numbered[:LINES])
            note = _told([power for _, power in numbered], held)
            if found.failed and any(can_be_shown(power) for power in powers):
                note = f"{note}; {found.failed}"
            seen = any(_is_seen(done.get(number)) for number, _ in numbered)
            yield self._finding(name, False, asked, note, lines, "confirmed" if seen else "inferred")
        if found.left_out:
            note = f"{found.left_out} powers were not carried out: there was no room for them"
            yield Finding(rule="powers-tried", ok=False, found=False, note=note, severity="warn")
        else:
            yield Finding(rule="powers-tried", ok=True, found=True)

    def _finding(
        self,
        rule: str,
        good: bool,
        asked: Severity,
        note: str,
        evidence: tuple[str, ...] = (),
        sure: Sure = "inferred",
    ) -> Finding:
        """``found`` says whether the rule holds."""
        return Finding(
            rule=rule,
            ok=good or asked == "allow",
            found=good,
            note=note[:NOTE],
            severity="warn" if asked == "warn" and not good else "deny",
            sure=sure,
            evidence=evidence,
        )

    def _tamed(self, power: Power, held: dict[str, Holder], kept: set[str]) -> bool:
        """Whether everybody who has it must wait, or agree with others."""
        return bool(power.guards) and all(
            guard.kind != "call" and guard.variable not in kept and self._slow(held.get(guard.variable))
            for guard in power.guards
        )

    def _slow(self, holder: Holder | None) -> bool:
        if holder is None:
            return False
        if holder.kind == "multisig":
            return holder.number >= self.config.min_signatures
        return holder.kind == "nobody" or (holder.kind == "timelock" and holder.number >= self.config.min_delay_s)


_MILDER: Final[dict[Severity, Severity]] = {"deny": "warn", "warn": "allow", "allow": "allow"}


def _is_gone(power: Power, held: dict[str, Holder], kept: set[str]) -> bool:
    """Whether all who had it renounced, and none of them can come back."""
    return bool(power.guards) and all(
        guard.kind in {"slot", "constant", "beacon"}
        and guard.variable not in kept
        and (holder := held.get(guard.variable)) is not None
        and holder.kind == "nobody"
        for guard in power.guards
    )


def _is_seen(outcome: Outcome | None) -> bool:
    return outcome is not None and bool(outcome.effect)


def _tried(outcome: Outcome | None, power: Power, held: dict[str, Holder]) -> str:
    """What came of carrying a power out, or why it was not."""
    if outcome is None:
        gone = all((holder := held.get(guard.variable)) and holder.kind == "nobody" for guard in power.guards)
        return "; nobody can call it" if power.guards and gone else ""
    if not outcome.effect:
        more = f", and {outcome.left_out} more were not tried" if outcome.left_out else ""
        return f"; not confirmed: none of {outcome.tried} calls did it{more}"
    data = outcome.data
    to = f" of {outcome.to}" if outcome.to else ""
    return f"; confirmed: {outcome.caller} calls 0x{data[:4].hex()}({data[4:].hex()[:128]}){to}: {outcome.effect}"


def _renounced(powers: Sequence[Power]) -> str:
    """Of powers that nobody has: they cannot be carried out."""
    return f"{powers[0].name or powers[0].selector}: nobody has the key, so it cannot be called" if powers else ""


def _pointer(power: Power, tried: str) -> str:
    guards = ", ".join(f"{guard.kind} {guard.variable}".strip() for guard in power.guards) or "none"
    slots = ", ".join(power.variables) or "none"
    place = f"pc 0x{power.start:x}-0x{power.end:x}" + (f" of code {power.code}" if power.code else "")
    return f"{power.name} 0x{power.selector}, {place}, guard {guards}, slots {slots}".strip() + tried


def _is_over(power: Power, intent: Entry, view: View) -> bool:
    if power.until_time:
        return view.now // SECOND >= power.until_time
    return 0 < power.until_block <= view.block(intent.chain_id)


def _told(powers: Sequence[Power], held: dict[str, Holder]) -> str:
    if not powers:
        return ""
    first = powers[0]
    more = f", and {len(powers) - 1} more" if len(powers) > 1 else ""
    who = " or ".join(_who(guard, held) for guard in first.guards) or "anybody"
    return f"{first.name or first.selector}{more}: {first.what}; by {who}"


def _who(guard: Guard, held: dict[str, Holder]) -> str:
    holder = held.get(guard.variable)
    if holder is None:
        return f"{guard.kind} {guard.variable}".strip()
    number = {"multisig": f" of {holder.number} signatures", "timelock": f" of {holder.number} s"}.get(holder.kind, "")
    return f"{holder.kind}{number} {holder.address}"

"""What can the owner do? Reads the token's code, and that behind it, and judges each power that it gives somebody."""

from collections.abc import Sequence
from typing import Annotated, Final, Literal

from pydantic import Field, NonNegativeInt, PositiveInt

from sniper.risk import Config, Entry, Evidence, Finding, Findings, Io, RiskProbe, View
from sniper.types import SECOND, split_asset
from sniper_risk_owner_powers.analyse import analyse, nothing
from sniper_risk_owner_powers.holders import Holder, holders, located
from sniper_risk_owner_powers.proxies import behind
from sniper_risk_owner_powers.report import POWERS, Guard, Power, Report

NOTE: Final = 200
"""Characters of a finding's note."""

LINES: Final = 8
"""Pointers of a finding."""

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


class OwnerPowers(Evidence):
    """block      The state that was read.
    addresses   Where the code is: the token's own first, then what is behind it.
    report      What it can do.
    holders     Who has the roles that it needs.
    ended       Variables that end a power (`Power.ended_by`), and have.
    """

    block: int
    addresses: tuple[str, ...]
    report: Report
    holders: tuple[Holder, ...]
    ended: tuple[str, ...] = ()


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
        return OwnerPowers(
            block=chain.block,
            addresses=code.addresses,
            report=report,
            holders=await holders(io, chain, token, guards),
            ended=tuple(ended),
        )

    def judge(self, intent: Entry, view: View, found: OwnerPowers) -> Findings:
        report = found.report
        yield self._finding("analysed", report.complete, self.config.unclear, report.error or "not to its end")
        yield self._finding("balances", report.token, self.config.unclear, "no balances that are recognised")
        held = {holder.variable: holder for holder in found.holders}
        kept = {
            variable
            for power in report.powers
            if power.power == "kept-role" and not _is_gone(power, held, set())
            for variable in power.variables
        }
        by_power: dict[str, list[Power]] = {}
        for power in report.powers:
            if (
                not _is_gone(power, held, kept)
                and (power.guards or not power.mild)
                and not _is_over(power, intent, view)
                and not set(power.ended_by) & set(found.ended)
            ):
                by_power.setdefault(power.power, []).append(power)
        for name in POWERS:
            powers = by_power.get(name, [])
            asked: Severity = getattr(self.config, name.replace("-", "_"))
            if powers and all(power.mild or self._tamed(power, held, kept) for power in powers):
                asked = _MILDER[asked]
            lines = tuple(_pointer(power) for power in powers[:LINES])
            yield self._finding(name, not powers, asked, _told(powers, held), lines)

    def _finding(self, rule: str, good: bool, asked: Severity, note: str, evidence: tuple[str, ...] = ()) -> Finding:
        """``found`` says whether the rule holds."""
        if good:
            return Finding(rule=rule, ok=True, found=True, sure="inferred")
        return Finding(
            sure="inferred",
            evidence=evidence,
            rule=rule,
            ok=asked == "allow",
            found=False,
            note=note[:NOTE],
            severity="warn" if asked == "warn" else "deny",
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


def _pointer(power: Power) -> str:
    guards = ", ".join(f"{guard.kind} {guard.variable}".strip() for guard in power.guards) or "none"
    slots = ", ".join(power.variables) or "none"
    place = f"pc 0x{power.start:x}-0x{power.end:x}" + (f" of code {power.code}" if power.code else "")
    return f"{power.name} 0x{power.selector}, {place}, guard {guards}, slots {slots}".strip()


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

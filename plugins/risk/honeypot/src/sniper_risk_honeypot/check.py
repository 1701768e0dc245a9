"""Can what is bought be sold? Plays purchases and sales on a copy of the chain before any real purchase."""

import secrets
from typing import Final, Literal

from pydantic import Field, NonNegativeInt, PositiveInt

from sniper.evm.keccak import keccak256
from sniper.evm.proxies import behind
from sniper.evm.rulers import Ruler, Rulers, rulers
from sniper.evm.surface import surface
from sniper.risk import Config, Entry, Evidence, Finding, Findings, Io, Retry, RiskProbe, View, at_most, must
from sniper.types import BPS, split_asset
from sniper_risk_honeypot.functions import wanted
from sniper_risk_honeypot.trials import WAITS, Case, Deed, Moved, Trial, Trials, missing_bps, play

MOST_LINES: Final = 8
"""Pieces of evidence in one finding."""

NOTE: Final = 200
"""Characters of a finding's note."""

SECRET: Final = secrets.token_bytes(32)
"""Of this process: a token that could foretell who tries it could be honest to them alone. The same people try it on
every block, so what they look at is read at once the next time."""

Power = Literal["allow", "warn", "deny"]


class HoneypotConfig(Config):
    max_buy_tax_bps: int = Field(1000, ge=0, le=BPS, description="most that the token may take from a purchase, bps")
    max_sell_tax_bps: int = Field(1000, ge=0, le=BPS, description="most that the token may take from a sale, bps")
    max_round_trip_loss_bps: int = Field(
        2000,
        ge=0,
        le=BPS,
        description="most that may be lost by buying and selling at once, the pool's fees included, bps",
    )
    max_sell_gas: PositiveInt = Field(1_000_000, description="most gas that a sale may burn")
    max_cooldown_s: NonNegativeInt = Field(
        60, description="longest time between a purchase and the first sale, seconds"
    )
    max_owner_tax_bps: int = Field(
        2500, ge=0, le=BPS, description="most that a sale may lose after an owner did what he can, bps"
    )
    owner_stops_sales: Power = Field("deny", description="what it means that an owner can make sales fail")
    owner_takes_balances: Power = Field("deny", description="what it means that an owner can take what others hold")
    trust_shared_owners: bool = Field(
        True, description="whether a multisig of two or more, or a timelock of a day or more, only warns"
    )
    large_bps: int = Field(
        30_000,
        ge=BPS,
        le=1_000_000,
        description="the large amount that is tried, of the amount that is to be paid, bps",
    )
    retry_after_s: NonNegativeInt = Field(
        3, description="seconds after which a token that cannot be bought yet is tried again; 0: never"
    )


class Trying(Evidence):
    """What the trials brought, on the state after ``block``.

    code                       Bytes of code behind the token, all pieces of it; 0: there is none.
    owners                     Whom it was tried to act as.
    sees_base_fee              See `sniper.evm.surface.Surface`.
    left_out, owners_left_out  Functions, and whom else it might obey, for which there was no room.
    unresolved                 Why not all code behind it is known; empty where it is.
    buy_tax_bps, sell_tax_bps  Share of the promise that is missing, rounded up; None where not measured.
    """

    block: int
    code: int
    owners: tuple[Ruler, ...] = ()
    trials: Trials | None = None
    sees_base_fee: bool = False
    left_out: int = 0
    owners_left_out: int = 0
    unresolved: str = ""
    buy_tax_bps: int | None = None
    sell_tax_bps: int | None = None


class Honeypot(RiskProbe[Trying]):
    config: HoneypotConfig

    async def probe(self, intent: Entry, io: Io) -> Trying:
        chain = await io.chain(intent.chain_id)
        token, pair = split_asset(intent.token)[1], split_asset(intent.pool)[1]
        code = await behind(chain, token)
        if not code.codes:
            return Trying(block=chain.block, code=0)
        # A function that several pieces of code have is that of the first: so it is called.
        seen = [await io.compute(surface, piece) for piece in code.codes]
        functions, left_out = wanted(what for each in seen for what in each.functions)
        owners = Rulers(found=())
        if functions:
            constants = dict.fromkeys(constant for each in seen for constant in each.constants)
            but = (*code.addresses, pair, split_asset(intent.quote)[1])
            owners = await rulers(chain, token, constants=constants, but=but)
        case = Case(
            pool=intent.pool,
            token=token,
            pair=pair,
            amount=intent.amount,
            small=max(1, intent.amount // 100),
            large=intent.amount * self.config.large_bps // BPS,
            seed=keccak256(SECRET + intent.token.encode()),
            functions=functions,
            owners=tuple(each.address for each in owners.found),
        )
        trials = await io.simulate(intent.chain_id, play, case)
        bought, sold = trials.bought, trials.sold
        return Trying(
            block=chain.block,
            code=sum(map(len, code.codes)),
            owners=owners.found,
            trials=trials,
            sees_base_fee=any(each.sees_base_fee for each in seen),
            left_out=left_out,
            owners_left_out=owners.left_out,
            unresolved=code.unresolved,
            buy_tax_bps=None if bought.failed else missing_bps(bought.bought_expected, bought.bought),
            sell_tax_bps=None if sold is None else missing_bps(sold.returned_expected, sold.returned),
        )

    def judge(self, intent: Entry, view: View, found: Trying) -> Findings:
        limits = self.config
        yield must("has-code", found.code > 0, note="" if found.code else "there is no contract at its address")
        trials = found.trials
        if trials is None:
            return
        bought, sold = trials.bought, trials.sold
        again = (limits.retry_after_s, Retry.next_block()) if limits.retry_after_s else (None, None)
        yield must("can-buy", not bought.failed, note=bought.reason, retry_after_s=again[0], retry=again[1])
        if bought.failed:
            return
        if found.buy_tax_bps is not None:
            yield at_most("buy-tax", found.buy_tax_bps, limits.max_buy_tax_bps, unit="bps")
        why = next((trial.reason for trial in trials.after if trial.failed), "")
        yield must("can-sell", sold is not None, note="" if sold else why)
        if sold is None:
            return
        hidden = "it looks at the base fee, which a simulation may not show it" if found.sees_base_fee else ""
        yield must("shows-itself", not found.sees_base_fee, note=hidden)
        yield from self._sales(trials, sold)
        yield from self._books(trials.moved, trials.another)
        yield from self._owned(trials, found.owners)
        yield self._tried(trials, found)

    def _tried(self, trials: Trials, found: Trying) -> Finding:
        counts = (trials.untried, "calls"), (found.left_out, "functions"), (found.owners_left_out, "possible owners")
        cut = [f"{count} {what}" for count, what in counts if count]
        notes = [f"not tried: {', '.join(cut)}; see what owner-powers says"] if cut else []
        notes += [found.unresolved] if found.unresolved else []
        ok = not notes
        return Finding(rule="owners-tried", ok=ok, found=ok, note="; ".join(notes)[:NOTE], severity="warn")

    def _sales(self, trials: Trials, sold: Trial) -> Findings:
        limits, waits = self.config, list(zip(WAITS, trials.after, strict=False))
        first = next(place for place, (_, trial) in enumerate(waits) if not trial.failed)
        (_, seconds), _ = waits[first]
        yield at_most("cooldown", seconds, limits.max_cooldown_s, unit="s", note=waits[0][1].reason)
        later = [f"after {blocks} blocks: {_why(trial)}" for (blocks, _), trial in waits[first:] if trial.failed]
        yield must("keeps-selling", not later, note="; ".join(later))
        others = trials.in_parts, trials.small, trials.crowd, trials.again, trials.rich, trials.another
        sales = [each for each in (*trials.after, *others) if not each.failed]
        worst = max(missing_bps(each.returned_expected, each.returned) or 0 for each in sales)
        yield at_most("sell-tax", worst, limits.max_sell_tax_bps, unit="bps")
        loss_bps = missing_bps(sold.paid, sold.returned) or 0
        yield at_most("round-trip-loss", loss_bps, limits.max_round_trip_loss_bps, unit="bps")
        yield at_most("sell-gas", max(each.gas for each in sales), limits.max_sell_gas, unit="gas")
        yield _works("sells-in-parts", trials.in_parts, "deny")
        yield _works("sells-again", trials.again, "deny")
        yield _works("sells-in-a-crowd", trials.crowd, "deny")
        yield _works("sells-for-the-rich", trials.rich, "deny")
        yield _works("sells-for-contracts", trials.contract, "warn")
        yield _works("sells-little", trials.small, "warn")
        yield _works("sells-much", trials.large, "warn")

    def _books(self, moved: Moved, another: Trial) -> Findings:
        fine = not moved.reason and moved.arrived > 0
        note = moved.reason or ("" if fine else "nothing arrived")
        yield Finding(rule="transfers", ok=fine, found=fine, note=note, severity="warn")
        lost_bps = missing_bps(moved.sent, moved.arrived) if fine else None
        if lost_bps is not None:
            limit = self.config.max_sell_tax_bps
            yield Finding(
                rule="transfer-tax", ok=lost_bps <= limit, found=lost_bps, limit=limit, unit="bps", severity="warn"
            )
        # What a transfer brings to one has left the other, but for what a token hands out to its holders.
        yield must(
            "balances-move", moved.left * 10 >= moved.arrived * 9, note="" if moved.left else "the sender keeps all"
        )
        yield must("keeps-allowances", moved.keeps_allowances)
        sells = not another.failed or another.failed == "transfer"
        yield must("sells-after-a-transfer", sells, note="" if sells else another.reason)

    def _owned(self, trials: Trials, owners: tuple[Ruler, ...]) -> Findings:
        limits = self.config
        by_address = {each.address: each.kind for each in owners}
        tried = f"{trials.deeds_done} calls as {len(owners)} possible owners" if owners else "no owner was found"
        stops = [deed for deed in trials.deeds if deed.failed]
        takes = [deed for deed in trials.deeds if deed.taken]
        taxes = [deed for deed in trials.deeds if (deed.tax_bps or 0) > limits.max_owner_tax_bps]
        for rule, deeds, power in (
            ("owner-stops-sales", stops, limits.owner_stops_sales),
            ("owner-takes-balances", takes, limits.owner_takes_balances),
            ("owner-raises-tax", taxes, "deny"),
        ):
            shared = {each.address for each in owners if each.shared and limits.trust_shared_owners}
            alone = [deed for deed in deeds if deed.caller not in shared]
            yield Finding(
                rule=rule,
                ok=not deeds or power == "allow",
                found=bool(deeds),
                note=tried,
                severity="deny" if alone and power == "deny" else "warn",
                sure="confirmed",
                evidence=tuple(_line(deed, by_address.get(deed.caller)) for deed in deeds[:MOST_LINES]),
            )


def _works(rule: str, trial: Trial, severity: Literal["warn", "deny"]) -> Finding:
    ok = not trial.failed
    return Finding(rule=rule, ok=ok, found=ok, note="" if ok else f"{trial.failed}: {_why(trial)}", severity=severity)


def _why(trial: Trial) -> str:
    return trial.reason or "it brings nothing"


def _line(deed: Deed, kind: str | None) -> str:
    what = f"calls 0x{deed.data[:4].hex()}({deed.data[4:].hex()[:64]})" if deed.data else "does all that he can"
    became = []
    if deed.failed:
        became.append(f"a sale reverts: {deed.reason}" if deed.reason else "a sale brings nothing")
    if deed.taken:
        became.append(f"the holder has lost {deed.taken:,} base units")
    if deed.tax_bps:
        became.append(f"a sale loses {deed.tax_bps} bps")
    return f"{deed.caller} ({kind or 'unknown'}) {what}: {', '.join(became)}"

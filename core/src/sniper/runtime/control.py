"""What people ask of a run while it trades: one JSON line in, one out, over ``<data dir>/control.sock``.

========================  ==========================================================================================
command                   further keys
========================  ==========================================================================================
``status``
``strategy``              ``instance``, ``action`` (`sniper.events.StrategyLife`), ``account`` or ``*``,
                          ``parameters`` (an object, for ``configure``)
``stage``                 ``instance``, ``action`` (``promote``, ``demote``), ``account`` or ``*``, ``stage``,
                          ``force``, ``reason``
``kill-switch``           ``level``, ``account`` or ``*``, ``reason``
``close``                 ``token`` (asset id), ``account`` or ``*``, ``share_bps``, ``reason``
``resume``                ``account`` or ``*``, ``reason``
``pools``                 ``chain``, ``coin``
``quote``, ``route``      ``chain``, ``in``, ``out``, ``amount`` (text), ``base``, ``exact_out``, ``max_hops``,
                          ``max_legs``, ``without_pools``, ``without_coins``
========================  ==========================================================================================

Each that changes something needs a ``key`` as well: asked again under the same one, even of a later process, it is
carried out once and answered as before; what is refused is not carried out, and may be asked again.

The answer is ``{"ok": true, "result": …}`` once the command and what it led to are on record, or ``{"ok": false,
"code": …, "message": …}``. Only processes of the same user are heard. A command is checked in full before it enters
the kernel: what the kernel cannot carry out must never be journaled.
"""

import asyncio
import json
import os
import socket
import stat
import struct
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pydantic import ValidationError

from sniper.errors import ConfigError, PermissionDenied, SignerError, SniperError, told, writable
from sniper.events import BY_HAND, ClosePosition, Command, KillSwitch, Resume, StageOrdered, StrategyLife, Transfer
from sniper.isolation import staff
from sniper.kernel.account import Account
from sniper.kernel.facts import InstanceMoved, IntentFormed, Judged, StageMoved
from sniper.kernel.instances import LIVES
from sniper.kernel.sales import NO_OTHER_SALE
from sniper.runtime import quoting
from sniper.runtime.commands import (
    PATIENCE_S,
    Asked,
    CommandRefused,
    Facts,
    KeyReused,
    Note,
    new_key,
    note_of,
    result_of,
)
from sniper.runtime.exchange_sources import DeskSource
from sniper.runtime.switches import EVERYONE
from sniper.settings.complaints import complaints
from sniper.types import BPS, NATIVE, SECOND, KillLevel, asset_id, place_of

if TYPE_CHECKING:
    from sniper.runtime.run import Run

SOCKET: Final = "control.sock"
COMMANDS: Final = "commands"
"""Name of the source of what people ask for."""
MOST_BYTES: Final = 65_536
_OF_THE_MARKET: Final = ("pools", "quote", "route")
"""Questions that change nothing."""
MOST_ASKING: Final = 4
"""Questions about the market that are answered at a time."""
_LONGEST_PATH: Final = 107
"""Of a unix socket (``sun_path`` of unix(7), less the final zero)."""


class NotRunning(SniperError, ConnectionError):
    """No run answers at this data directory."""

    code = "not-running"


async def _switched(run: "Run", event: KillSwitch, note: Note) -> dict[str, Any]:
    """Write a kill switch beside the queues, and tell each account where it then stands. Any: JSON.

    Raises `CommandRefused`, and `ConfigError` where the kill switch cannot be written.
    """
    level = KillLevel(event.level)
    run.switches.set(event.account, level)
    names = list(run.kernel.accounts) if event.account == EVERYONE else [event.account]
    answer = await _recorded(
        run,
        [
            KillSwitch(time=event.time, account=name, level=run.switches.level(name).value, reason=event.reason)
            for name in names
        ],
        note,
        lambda facts: {"kill": _levels(run)},
    )
    if run.signer is not None and event.account == EVERYONE:
        try:
            async with asyncio.timeout(PATIENCE_S):
                await run.signer.level(level)
        except (SignerError, TimeoutError) as error:  # the executor reads the file before it sends anything
            run.log.error("the signer was not told of the kill switch", reason=str(error) or "it does not answer")
    return answer


async def _recorded(
    run: "Run", events: Sequence[Command], note: Note, answer: Callable[[Facts], dict[str, Any]]
) -> dict[str, Any]:
    """Let commands enter the kernel, and wait until they, what they led to and the answer are on record. Any: JSON."""
    coming = run.commands.begin(events, note, answer)
    await run.bus.publish(list(events), source=COMMANDS)
    return await run.commands.answer(coming)


class Control:
    """Serves the socket for one run."""

    def __init__(self, run: "Run") -> None:
        self._run = run
        self.path = run.directory / SOCKET
        self._server: asyncio.Server | None = None
        self._made: tuple[int, int] | None = None
        self._asking = 0
        self._questions: dict[str, Callable[[Asked], Awaitable[dict[str, Any]]]] = {  # Any: JSON
            "status": self._status,
            "pools": partial(quoting.pools, run),
            "quote": partial(quoting.quote, run),
            "route": partial(quoting.route, run),
        }
        self._commands: dict[str, Callable[[Asked, Note], Awaitable[dict[str, Any]]]] = {  # Any: JSON
            "strategy": self._strategy,
            "stage": self._stage,
            "kill-switch": self._kill,
            "close": self._close,
            "transfer": self._transfer,
            "resume": self._resume,
        }

    async def start(self) -> None:
        """Listen. A socket that a crash left is replaced: whoever holds the journal's lock is the only run.

        Raises `ConfigError` where the socket cannot be made.
        """
        try:
            self.path.parent.chmod(0o700)
            if self.path.exists() and not stat.S_ISSOCK(self.path.stat().st_mode):
                raise ConfigError(f"{self.path}: is in the way of the control socket; move it elsewhere")
            self.path.unlink(missing_ok=True)
            listening = _listen(self.path)
            self._made = _file(self.path)
        except OSError as error:
            raise ConfigError(f"{self.path}: the control socket cannot be made: {error.strerror or error}") from error
        self._server = await asyncio.start_unix_server(self._serve, sock=listening, limit=MOST_BYTES)

    async def close(self) -> None:
        """Stop listening. Idempotent."""
        if self._server is not None:
            self._server.close()
            self._server = None
            if _file(self.path) == self._made:  # a run that has taken over has one of its own there
                self.path.unlink(missing_ok=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(PATIENCE_S):
                line = await reader.readline()
            answer = await self._answer(line, _same_user(writer))
            writer.write(json.dumps(answer).encode() + b"\n")
            await writer.drain()
        except (TimeoutError, ValueError, ConnectionError) as error:
            self._run.log.info("a control connection came to nothing", reason=str(error) or type(error).__name__)
        finally:
            writer.close()

    async def _answer(self, line: bytes, same_user: bool) -> dict[str, Any]:
        try:
            if not same_user:
                raise PermissionDenied(f"the run belongs to user {os.getuid()}, and answers to nobody else")
            return {"ok": True, "result": await self._carry(line)}
        except SniperError as error:
            return {"ok": False, "code": error.code, "message": str(error)}
        except Exception as error:  # what is asked may be any JSON
            self._run.log.exception("a command failed")
            message = f"it was not understood: {told(error)}"
            return {"ok": False, "code": CommandRefused.code, "message": message}

    async def _carry(self, line: bytes) -> dict[str, Any]:
        try:
            asked = json.loads(line)
        except ValueError as error:
            raise CommandRefused(f"a command is one line of JSON, not {line[:80]!r}") from error
        name = asked.get("command") if isinstance(asked, dict) else None
        question = self._questions.get(name) if isinstance(name, str) else None
        if question is not None:
            return await (self._about_the_market(question, asked) if name in _OF_THE_MARKET else question(asked))
        carry = self._commands.get(name) if isinstance(name, str) else None
        if carry is None:
            known = ", ".join(["status", *self._commands, *_OF_THE_MARKET])
            raise CommandRefused(f"there is no command {name!r}; there are {known}")
        return await self._once(carry, asked)

    async def _once(self, carry: Callable[[Asked, Note], Awaitable[dict[str, Any]]], asked: Asked) -> dict[str, Any]:
        """Carry out a command, or answer what was answered to it before. Any: JSON."""
        note, commands = note_of(asked), self._run.commands
        known = commands.known(note)
        if known is not None:
            return result_of(json.loads(known.answer))
        coming = commands.under_way(note)
        if coming is not None:
            return await commands.answer(coming)
        result = await carry(asked, note)
        self._run.log.info("commanded", **{key: value for key, value in asked.items() if key != "event"})
        return result

    async def _about_the_market(
        self, answer: Callable[[Asked], Awaitable[dict[str, Any]]], asked: Asked
    ) -> dict[str, Any]:
        if self._asking >= MOST_ASKING:
            raise CommandRefused(f"{MOST_ASKING} questions about the market are being answered; ask again in a moment")
        self._asking += 1
        try:
            return await answer(asked)
        finally:
            self._asking -= 1

    # ---- commands ----

    async def _status(self, _: Asked) -> dict[str, Any]:
        return status(self._run)

    async def _strategy(self, asked: Asked, note: Note) -> dict[str, Any]:
        instance, action = _text(asked, "instance"), _text(asked, "action")
        parameters = asked.get("parameters") or {}
        if action not in (*LIVES, "configure"):
            raise CommandRefused(f"a strategy cannot be told to {action!r}; choose from configure, {', '.join(LIVES)}")
        if not isinstance(parameters, dict) or bool(parameters) != (action == "configure"):
            raise CommandRefused("configure, and nothing else, takes parameters: an object of the keys that change")
        meant = [account for account in self._accounts(asked) if instance in account.instances]
        if not meant:
            known = ", ".join(f"{a.name}/{name}" for a in self._accounts({}) for name in a.instances) or "none"
            raise CommandRefused(f"no account that is meant runs a strategy {instance!r}; there are {known}")
        now = self._run.clock()

        def moved(facts: Facts) -> dict[str, Any]:  # Any: JSON
            found = {account: fact for account, fact in facts if isinstance(fact, InstanceMoved)}
            return {"instances": {f"{account}/{fact.instance}": fact.state for account, fact in found.items()}}

        return await _recorded(
            self._run,
            [
                StrategyLife(
                    time=now,
                    account=account.name,
                    instance=instance,
                    action=action,
                    parameters=_parameters(account, instance, parameters) if parameters else "",
                )
                for account in meant
            ],
            note,
            moved,
        )

    async def _stage(self, asked: Asked, note: Note) -> dict[str, Any]:
        instance, action, force = _text(asked, "instance"), _text(asked, "action"), asked.get("force", False)
        if action not in ("promote", "demote") or not isinstance(force, bool):
            raise CommandRefused(
                f"a strategy cannot be told to {action!r} with force = {force!r}; promote or demote it"
            )
        meant = [account for account in self._accounts(asked) if instance in account.instances]
        events = [
            StageOrdered(
                time=self._run.clock(),
                account=account.name,
                instance=instance,
                action=action,
                stage=_text(asked, "stage", ""),
                force=force,
                reason=_text(asked, "reason", ""),
            )
            for account in meant
        ]
        refused = [why for account, event in zip(meant, events, strict=True) if (why := account.stages.refusal(event))]
        if refused or not meant:
            raise CommandRefused("; ".join(refused) or f"no account that is meant runs a strategy {instance!r}")

        def moved(facts: Facts) -> dict[str, Any]:  # Any: JSON
            found = [(account, fact) for account, fact in facts if isinstance(fact, StageMoved)]
            if not found:
                raise CommandRefused(f"{instance} was moved, or its gates failed, while this was asked; ask again")
            return {"stages": {f"{account}/{fact.instance}": fact.stage for account, fact in found}}

        return await _recorded(self._run, events, note, moved)

    async def _kill(self, asked: Asked, note: Note) -> dict[str, Any]:
        level = _text(asked, "level")
        if level not in {known.value for known in KillLevel}:
            known = ", ".join(known.value for known in KillLevel)
            raise CommandRefused(f"there is no kill switch level {level!r}; choose from {known}")
        account = "*" if asked.get("account", EVERYONE) == EVERYONE else self._accounts(asked)[0].name
        reason = _text(asked, "reason", "")
        event = KillSwitch(time=self._run.clock(), account=account, level=level, reason=reason)
        return await _switched(self._run, event, note)

    async def _close(self, asked: Asked, note: Note) -> dict[str, Any]:
        token, share = _text(asked, "token"), asked.get("share_bps", BPS)
        if not isinstance(share, int) or isinstance(share, bool) or not 0 < share <= BPS:
            raise CommandRefused(f"share_bps is {share!r}; it must be an integer from 1 to {BPS}")
        accounts = self._accounts(asked)
        meant = [account for account in accounts if token in account.exits.guards or _held_unguarded(account, token)]
        if not meant:
            known = {
                each
                for account in accounts
                for each in (*account.exits.guards, *account.book.positions, *account.view.ranges)
                if each in account.exits.guards or _held_unguarded(account, each)
            }
            held = ", ".join(sorted(known)) or "nothing"
            raise CommandRefused(f"no position in {token} can be sold; held: {held}")
        reason = _text(asked, "reason", ClosePosition.__struct_defaults__[-1])  # type: ignore[attr-defined]

        def sold(facts: Facts) -> dict[str, Any]:  # Any: JSON
            refused = {
                fact.intent: finding.note
                for _, fact in facts
                if isinstance(fact, Judged)
                for finding in fact.findings
                if finding.rule == NO_OTHER_SALE
            }
            if len(refused) == len(meant):
                why = "; ".join(refused.values())
                raise CommandRefused(f"{token}: {why}; wait for that sale, or close all of it")
            formed = [fact.intent for _, fact in facts if isinstance(fact, IntentFormed)]
            return {"intents": [intent for intent in formed if intent not in refused], "refused": refused}

        return await _recorded(
            self._run,
            [
                ClosePosition(time=self._run.clock(), account=a.name, token=token, share_bps=share, reason=reason)
                for a in meant
            ],
            note,
            sold,
        )

    async def _transfer(self, asked: Asked, note: Note) -> dict[str, Any]:
        (account, *others) = self._accounts(asked)
        if others:
            raise CommandRefused(f"name the account that pays; there are {', '.join(self._run.kernel.accounts)}")
        to, wallet, amount = _text(asked, "to").lower(), _text(asked, "from", "").lower(), asked.get("amount")
        treasury, own = account.wiring.treasury, account.wiring.wallets
        native = asset_id(account.chain.id, NATIVE)
        assets = {"native": native, "quote": account.quote}
        asset = assets.get(_text(asked, "asset", "quote"), "")
        known = {**dict.fromkeys(treasury.to if treasury else ()), **dict.fromkeys(own if len(own) > 1 else ())}
        if to not in known:
            names = ", ".join(known) or "none"
            raise CommandRefused(f"{to} is no own wallet of account {account.name}; its treasury names {names}")
        if wallet and wallet not in own:
            raise CommandRefused(f"account {account.name} does not trade from {wallet}; it has {', '.join(own)}")
        if not asset:
            raise CommandRefused(f"asset is {asked.get('asset')!r}; send {' or '.join(assets)}")
        if not isinstance(amount, int) or isinstance(amount, bool) or amount < 1:
            raise CommandRefused(f"amount is {amount!r}; it must be an integer of base units, 1 or more")
        event = Transfer(
            time=self._run.clock(),
            account=account.name,
            asset=asset,
            to=to,
            amount=amount,
            reason=_text(asked, "reason", BY_HAND),
            wallet=wallet,
        )

        def sent(facts: Facts) -> dict[str, Any]:  # Any: JSON
            intent = next(fact.intent for _, fact in facts if isinstance(fact, IntentFormed))
            for _, fact in facts:
                wrong = (
                    next((each for each in fact.findings if not each.ok), None) if isinstance(fact, Judged) else None
                )
                if wrong is not None:
                    found = wrong.note or f"{wrong.found} of {wrong.limit} {wrong.unit}"
                    raise CommandRefused(f"refused by {wrong.rule} ({found}); see: sniper why {intent}")
            return {"intent": intent}

        return await _recorded(self._run, [event], note, sent)

    async def _resume(self, asked: Asked, note: Note) -> dict[str, Any]:
        accounts = self._accounts(asked)
        halted = {account.name: account.book.halted for account in accounts if account.book.halted}
        if not halted:
            raise CommandRefused("no account that is meant is halted; see sniper status")
        reason = _text(asked, "reason", "")
        return await _recorded(
            self._run,
            [Resume(time=self._run.clock(), account=name, reason=reason) for name in sorted(halted)],
            note,
            lambda facts: {"resumed": halted},
        )

    def _accounts(self, asked: Asked) -> list[Account]:
        """The accounts that a command means; at least one."""
        name = _text(asked, "account", EVERYONE)
        accounts = self._run.kernel.accounts
        if name == EVERYONE:
            return list(accounts.values())
        if name not in accounts:
            raise CommandRefused(f"there is no account {name!r}; there are {', '.join(sorted(accounts))}")
        return [accounts[name]]


def status(run: "Run") -> dict[str, Any]:
    """Where a run stands. Any: JSON. Times are ns UTC, ages seconds."""
    now = run.clock()
    return {
        "mode": run.resolved.mode.value,
        "pid": os.getpid(),
        "time": now,
        "journal": {"position": run.writer.position, "epoch": run.writer.epoch},
        "leases": {
            "fences": run.leases.fences,
            "sure_for_s": round(run.leases.left_s(), 3),
            "not_renewed": run.leases.reason,
        },
        "kill": _levels(run),
        "accounts": {
            name: {
                "address": account.wiring.address,
                "chain": account.wiring.chain_id,
                "kill": account.book.kill,
                "tripped": account.book.tripped,
                "halted": account.book.halted,
                "wallet_read": wallet_read(account),
                "wallets": wallets(account),
                "positions": len(account.book.positions),
                "unguarded": unguarded(account),
                "ranges": ranges(account),
                "orders": len(account.book.orders),
                "plans": len(account.book.plans),
                "desks": desks(run, account),
                "instances": {instance.name: instance.state for instance in account.instances.values()},
                "stages": {
                    name: {"stage": stage.stage, "share_bps": stage.share_bps, "proposed": stage.proposed}
                    for name, stage in sorted(account.book.stages.items())
                    if name in account.stages.wiring
                },
            }
            for name, account in run.kernel.accounts.items()
        },
        "workers": {
            name: {
                "plugin": used.name,
                "state": used.state,
                "reason": used.reason,
                "pid": used.pid,
                "starts": used.starts,
                "losses": used.losses,
                "calls": used.calls,
                "waited_s": round(used.waited_ns / 1e9, 6),
                "memory": used.memory,
                "cpu_s": round(used.cpu_ns / 1e9, 3),
            }
            for name, used in staff.used(run.kernel)
        },
        "strangers": [
            {
                "account": name,
                "tx_hash": event.tx_hash,
                "nonce": event.nonce,
                "to": event.to,
                "selector": event.selector,
                "seen": event.time,
            }
            for name, event in run.strangers.waiting()
        ],
        "chains": {
            str(chain_id): {"block": chain.number, "timestamp": chain.timestamp, "stale": sorted(chain.stale)}
            for chain_id, chain in run.kernel.market.chains.items()
        },
        "feeds": {
            feeder.name: {
                "stale": feeder.stale,
                "silent_s": round((now - feeder.last_event) / SECOND, 3) if feeder.last_event else None,
            }
            for feeder in run.feeders
        },
        "signals": {"passed": run.kernel.signals.passed, "dropped": dict(run.kernel.signals.dropped)},
    }


def wallet_read(account: Account) -> bool:
    """Whether the account's wallets were read since this process began."""
    return all(account.book.sender(account.wiring.chain_id, wallet).known for wallet in account.wiring.wallets)


def wallets(account: Account) -> dict[str, dict[str, Any]]:
    """What each wallet has: ``free`` of what the account pays with, base units. Any: JSON."""
    book = account.book
    return {
        wallet: {
            "read": book.sender(account.wiring.chain_id, wallet).known,
            "next_nonce": book.sender(account.wiring.chain_id, wallet).next_nonce,
            "orders": sum(order.placed.owner == wallet for order in book.orders.values()),
            "positions": sum(account.wallets.holding(position) == wallet for position in book.positions.values()),
            "free": book.free(account.quote, wallet),
        }
        for wallet in account.wiring.wallets
    }


def desks(run: "Run", account: Account) -> dict[str, dict[str, Any]]:
    """What the account has at each exchange: ``read``: whether it is known; ``stream``: ``there``, ``lost``, or
    ``played`` where the exchange is; ``cash``: base units. Any: JSON."""
    lost = {
        feeder.source.place: feeder.down
        for feeder in run.feeders
        if isinstance(feeder.source, DeskSource) and feeder.source.account == account.name
    }
    book, found = account.book, {}
    for venue in sorted(account.trading.desks):
        desk = account.trading.desks[venue].book
        found[venue] = {
            "read": desk.known,
            "stream": "played" if venue not in lost else "lost" if lost[venue] else "there",
            "orders": len(desk.orders),
            "unknown": sum(order.state == "unknown" for order in desk.orders.values()),
            "positions": sum(place_of(token) == venue for token in book.positions),
            "cash": {
                asset: {"amount": amount, "reserved": book.reserved(asset)}
                for asset, amount in sorted(book.cash.items())
                if place_of(asset) == venue and amount
            },
            "stale": sorted(
                ticker.instrument.id
                for ticker in run.kernel.tickers.known.values()
                if ticker.stale and ticker.instrument.venue == venue
            ),
        }
    return found


def unguarded(account: Account) -> dict[str, str]:
    """The positions that nothing guards, by token, and why."""
    return {token: p.unguarded for token, p in sorted(account.book.positions.items()) if p.unguarded}


def ranges(account: Account) -> dict[str, dict[str, int] | None]:
    """What liquidity in ranges has now, by range, see `sniper.view.RangeWorth`; None where nothing tells."""
    worths = {key: account.view.range_worth(key) for key in sorted(account.view.ranges)}
    return {key: None if worth is None else worth._asdict() for key, worth in worths.items()}


def ask(data_dir: Path, command: Asked) -> dict[str, Any]:
    """Ask the run at ``data_dir``, and wait for its answer. Any: JSON. A command without a ``key`` gets a new one.

    Raises `NotRunning` where there is none, `CommandRefused` where it refuses, `KeyReused` where its key was used for
    another command.
    """
    path = data_dir / SOCKET
    command = {"key": new_key(), **command}
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection, _reachable(path) as address:
            connection.settimeout(2 * PATIENCE_S)
            connection.connect(address)
            connection.sendall(json.dumps(command).encode() + b"\n")
            with connection.makefile("rb") as lines:
                line = lines.readline()
    except (FileNotFoundError, ConnectionRefusedError, NotADirectoryError) as error:
        raise NotRunning(f"nothing runs at {data_dir}; start it with: sniper run") from error
    except OSError as error:
        raise NotRunning(
            f"the run at {data_dir} does not answer: {error.strerror or error}; see its log. Nobody knows whether it "
            f"carried the command out: with --key {command['key']} it does so once, however often it is asked"
        ) from error
    if not line:
        raise NotRunning(
            f"the run at {data_dir} ended the connection without an answer; it may belong to another user. With --key "
            f"{command['key']} the command is carried out once, however often it is asked"
        )
    answer = json.loads(line)
    if not answer["ok"]:
        raise (KeyReused if answer["code"] == KeyReused.code else CommandRefused)(answer["message"])
    result: dict[str, Any] = answer["result"]
    return result


# ---- parts ----


def _held_unguarded(account: Account, token: str) -> bool:
    """Whether the account holds it at an exchange, where a position without exits has no guard, or it is the id of a
    range."""
    if token in account.view.ranges:
        return True
    position = account.book.positions.get(token)
    return position is not None and account.desk_exits.trades(position)


def _levels(run: "Run") -> dict[str, str]:
    """The level of everyone, and where each account stands."""
    switches = run.switches
    return {
        EVERYONE: switches.everyone.level().value,
        **{name: switches.level(name).value for name in run.kernel.accounts},
    }


def _parameters(account: Account, instance: str, changes: dict[str, Any]) -> str:
    """All keys that differ from the config file, as JSON, once the strategy's own model has accepted them."""
    found = account.instances[instance]
    life = account.book.instances.get(instance)
    text = json.dumps({**json.loads((life and life.parameters) or "{}"), **changes})
    try:
        found.configured(text)
    except ValidationError as error:
        source = Path(f"{account.name}/{instance}")
        raise CommandRefused("\n".join(complaints(error, source, (), type(found.wiring.config), changes))) from None
    return text


def _text(asked: Asked, key: str, default: str | None = None) -> str:
    value = asked.get(key, default)
    if not isinstance(value, str):
        raise CommandRefused(f"{key} is {value!r}; it must be text")
    if writable(value) != value:
        raise CommandRefused(f"{key} is {value!r}; it holds half a character, which nothing can put on record")
    return value


def _file(path: Path) -> tuple[int, int] | None:
    """Which file stands there."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def _listen(path: Path) -> socket.socket:
    """A listening socket that nobody else could open, not even for a moment."""
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    mask = os.umask(0o177)
    try:
        with _reachable(path) as address:
            listening.bind(address)
    except BaseException:
        listening.close()
        raise
    finally:
        os.umask(mask)
    return listening


@contextmanager
def _reachable(path: Path) -> Iterator[str]:
    """The path, or, where it is longer than a unix socket's may be, one that leads there through its directory."""
    if len(os.fsencode(path)) <= _LONGEST_PATH:
        yield str(path)
        return
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{directory}/{path.name}"
    finally:
        os.close(directory)


def _same_user(writer: asyncio.StreamWriter) -> bool:
    """Whether the peer's process is ours (``SO_PEERCRED`` of unix(7): pid, uid, gid)."""
    credentials = writer.get_extra_info("socket").getsockopt(
        socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i")
    )
    return bool(struct.unpack("3i", credentials)[1] == os.getuid())

"""Commands on their way through the kernel, each once: under the same key the second one is answered as the first was.

The answer is put on record in the same frame as the command and what it led to. So a command whose answer nobody knows
had no effect, whatever died meanwhile.
"""

import asyncio
import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from uuid import uuid4

from sniper.errors import SniperError
from sniper.events import Command, Commanded, Event
from sniper.kernel.account import Account
from sniper.kernel.book import Reply
from sniper.kernel.facts import Fact

__all__ = ["Asked", "CommandRefused", "Commands", "Facts", "KeyReused", "Note", "new_key", "note_of", "result_of"]

PATIENCE_S: Final = 5.0
_KEY: Final = re.compile(r"[A-Za-z0-9._:-]{1,64}")

Asked = Mapping[str, Any]
"""A command as it came in. Any: JSON, checked where it is read."""
Facts = list[tuple[str, Fact]]
Told = dict[str, Any]
"""What is answered. Any: JSON."""


class CommandRefused(SniperError, ValueError):
    """A command names something that there is not, or asks for something that cannot be."""

    code = "command-refused"


class KeyReused(CommandRefused):
    """Another command was asked for under this key."""

    code = "key-reused"


class Note:
    """``key`` of a command, and ``asked``: SHA-256 of everything else that it says, hex."""

    def __init__(self, key: str, asked: str) -> None:
        self.key = key
        self.asked = asked

    def same(self, asked: str) -> None:
        """Raise `KeyReused` unless it is the same command."""
        if asked != self.asked:
            raise KeyReused(
                f"another command was asked for under the key {self.key!r}; use a new key, or ask exactly the same"
            )


def new_key() -> str:
    """A key that nobody has used."""
    return uuid4().hex


def note_of(asked: Asked) -> Note:
    """Raises `CommandRefused` where there is no key, or none that can be put on record."""
    key = asked.get("key")
    if not isinstance(key, str) or not _KEY.fullmatch(key):
        raise CommandRefused(
            f"key is {key!r}; a command needs one, of 1 to 64 letters, digits, dots, colons, underscores or hyphens: "
            "asked again under the same key it is carried out once"
        )
    rest = json.dumps({name: value for name, value in asked.items() if name != "key"}, sort_keys=True)
    return Note(key, hashlib.sha256(rest.encode()).hexdigest())


class _Pending:
    """One command: the events that stand for it, and how its answer is made of the facts that they lead to."""

    def __init__(self, events: Sequence[Command], note: Note, answer: Callable[[Facts], Told]) -> None:
        self.events = list(events)
        self.note = note
        self.waiting = {id(event) for event in events}
        self.facts: Facts = []
        self.answer = answer
        self.told: Told | None = None
        self.done: asyncio.Future[Told] = asyncio.get_running_loop().create_future()


class Commands:
    """Of one run. ``accounts``: the kernel's."""

    def __init__(self, accounts: Callable[[], Mapping[str, Account]]) -> None:
        self._accounts = accounts
        self._pending: list[_Pending] = []

    def known(self, note: Note) -> Reply | None:
        """What was answered to it before. Raises `KeyReused`."""
        for _, account in sorted(self._accounts().items()):
            reply = account.book.replies.get(note.key)
            if reply is not None:
                note.same(reply.asked)
                return reply
        return None

    def under_way(self, note: Note) -> "asyncio.Future[Told] | None":
        """The same command, asked for a moment ago. Raises `KeyReused`."""
        for pending in self._pending:
            if pending.note.key == note.key:
                note.same(pending.note.asked)
                return pending.done
        return None

    def begin(self, events: Sequence[Command], note: Note, answer: Callable[[Facts], Told]) -> "asyncio.Future[Told]":
        """Wait for these events, which must enter the kernel in one batch. ``answer`` may raise `CommandRefused`."""
        pending = _Pending(events, note, answer)
        self._pending.append(pending)
        return pending.done

    def replies(self, decided: Sequence[tuple[Event, Sequence[tuple[str, Fact]]]]) -> list[Event]:
        """What is to stand in the same frame as these events: the answers to the commands among them."""
        found: list[Event] = []
        for pending in self._pending:
            if pending.told is not None:
                continue
            for event, facts in decided:
                if id(event) in pending.waiting:
                    pending.waiting.discard(id(event))
                    pending.facts.extend(facts)
            if pending.waiting:
                continue
            try:
                pending.told = {"result": pending.answer(pending.facts)}
            except CommandRefused as error:
                pending.told = {"refused": str(error)}
            first, note = pending.events[0], pending.note
            answer = json.dumps(pending.told, sort_keys=True)
            found.append(
                Commanded(time=first.time, account=first.account, key=note.key, asked=note.asked, answer=answer)
            )
        return found

    def recorded(self) -> None:
        """All that was handled is on record: whoever waits may know."""
        for pending in [each for each in self._pending if each.told is not None]:
            self._pending.remove(pending)
            if not pending.done.done():
                pending.done.set_result(pending.told or {})

    async def answer(self, coming: "asyncio.Future[Told]") -> Told:
        """Wait for an answer that is coming. Raises `CommandRefused` where it is a refusal, or takes too long."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                return result_of(await asyncio.shield(coming))
        except TimeoutError as error:
            raise CommandRefused(
                f"the kernel did not come to the command within {PATIENCE_S:g} s; it may still be carried out, so ask "
                "again under the same key: it is carried out once"
            ) from error


def result_of(answer: Told) -> Told:
    """The result in an answer. Raises `CommandRefused` where it is a refusal."""
    if "refused" in answer:
        raise CommandRefused(answer["refused"])
    result: Told = answer["result"]
    return result

"""Pools that are read from their chain: who is asked, and what happens meanwhile.

A state is read as it was after the newest block that the kernel knew when it asked. What the chain logs in later blocks
is remembered until the answer is there, and applied to it: the raw logs of the chain, for only what was read can say
which contracts its pool follows.
"""

from typing import NamedTuple

from sniper.events import Log

MOST_LOGS = 50_000
"""Logs that are remembered at most; with more the readings begin anew, at a later block."""
MOST_TRIES = 8
"""Readings of a pool that only its factory named."""
MOST_PATIENCE = 64
"""Blocks between two readings of a pool, at most."""
MOST_ANEW = 32
"""Listed pools per block that are known, are outdated and are wanted anew; the others wait for the next one."""


class Creation(NamedTuple):
    """When a pool was made, as far as that was seen: ns UTC, and the block; 0: it was not.

    tx_hash  The transaction that made it, where nobody was told of the pool yet: it is news once its state is known.
    """

    at: int = 0
    block: int = 0
    tx_hash: str = ""


NOT_SEEN = Creation()


class Reading:
    """One pool that is to be read. ``listed``: for the market; else for the accounts that need it.

    created_at, created_block, tx_hash
           See `Creation`.
    ask    Id of the ask that is out, about the state after ``block``; empty: the next one leaves at ``next_block``.
    tries  Readings in a row that failed, or whose pool its AMM then failed on.
    """

    __slots__ = (
        "address", "ask", "block", "created_at", "created_block", "listed", "next_block", "section", "tries", "tx_hash",
    )  # fmt: skip

    def __init__(self, section: str, address: str, *, listed: bool, created: Creation = NOT_SEEN) -> None:
        self.section = section
        self.address = address
        self.listed = listed
        self.ask = ""
        self.block = 0
        self.next_block = 0
        self.tries = 0
        self.created_at, self.created_block, self.tx_hash = created

    def again(self, number: int) -> None:
        """What was asked counts no more, and a later block is asked for, ever later."""
        self.ask = ""
        self.next_block = number + min(MOST_PATIENCE, 2**self.tries)
        self.tries += 1


class Readings:
    """Of one chain. ``logs``: of blocks above the oldest that is asked for."""

    def __init__(self) -> None:
        self.open: dict[tuple[str, bool], Reading] = {}
        self.logs: list[Log] = []

    def want(
        self,
        section: str,
        address: str,
        *,
        listed: bool,
        number: int,
        tries: int = 0,
        created: Creation = NOT_SEEN,
    ) -> None:
        """Have a pool read, unless it is being read. ``tries``: how often in a row it was read in vain."""
        if (address, listed) in self.open:
            return
        reading = self.open[address, listed] = Reading(section, address, listed=listed, created=created)
        reading.tries = tries
        if tries:
            reading.again(number)

    def leave(self, address: str, *, listed: bool) -> None:
        """A pool is no more what it was wanted for; an answer that is out finds no reading."""
        if self.open.pop((address, listed), None) is not None:
            self._trim()

    def due(self, number: int, block_hash: str, *, listed: bool) -> list[Reading]:
        """Those whose ask leaves now, in a certain order; from then on they are out. ``listed``: with those for the
        market.

        The id names pool and block: it must not follow from what else is read, which is other accounts' affair, and an
        answer about a block of the same number that a reorg took back must not be taken for one about this block.
        """
        open_ = self.open.values()
        found = [each for each in open_ if not each.ask and number >= each.next_block and (listed or not each.listed)]
        found.sort(key=lambda each: (each.address, each.listed))  # few: this is asked with many a log
        for reading in found:
            whose = "" if reading.listed else "?needed"
            reading.ask, reading.block = f"?pool-{reading.address}-{number}-{block_hash}{whose}", number
        return found

    def asked(self, ask: str) -> Reading | None:
        """The reading whose ask is out under this id."""
        return next((reading for reading in self.open.values() if reading.ask == ask), None) if ask else None

    def close(self, reading: Reading) -> None:
        """It is read, or not wanted any more."""
        del self.open[reading.address, reading.listed]
        self._trim()

    def fail(self, reading: Reading, number: int, *, keep: bool) -> None:
        """There was no answer. One that nobody asks to ``keep`` is given up in the end."""
        if keep or reading.tries < MOST_TRIES:
            reading.again(number)
        else:
            del self.open[reading.address, reading.listed]
        self._trim()

    def remember(self, log: Log) -> None:
        """A log that a state that is being read may not know."""
        if any(reading.ask and reading.block < log.block for reading in self.open.values()):
            self.logs.append(log)
            if len(self.logs) > MOST_LOGS:
                self.restart(log.block)

    def reorg(self, ancestor: int) -> None:
        """States of blocks that are gone count no more, nor do their logs, nor the pools that they made."""
        for reading in list(self.open.values()):
            if reading.created_block > ancestor:
                del self.open[reading.address, reading.listed]
            elif reading.ask and reading.block > ancestor:
                reading.ask, reading.next_block = "", 0
        self.logs = [log for log in self.logs if log.block <= ancestor]
        self._trim()

    def restart(self, next_block: int) -> None:
        """No answer is to come: all begin anew."""
        for reading in self.open.values():
            if reading.ask:
                reading.ask, reading.next_block = "", next_block
        self.logs.clear()

    def _trim(self) -> None:
        if not any(reading.ask for reading in self.open.values()):
            self.logs.clear()

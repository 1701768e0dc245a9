"""A plugin's call out of the kernel: asked of its worker and put on record, or taken from the record.

Where a journal is run again, what a worker answered, or that it did not, is on record (`WorkerAnswered`), and no worker
is started. Elsewhere the worker is asked within its deadline.
"""

from collections import OrderedDict
from collections.abc import Callable, Generator, Iterator
from typing import Final, NamedTuple, Protocol, TypeVar, cast

from sniper.codec import encode
from sniper.errors import PluginFault
from sniper.isolation.describing import Housed, place_of
from sniper.isolation.far_config import FarConfig
from sniper.isolation.handed import READERS
from sniper.isolation.host import Ended, Serve, Worker, WorkerLost, WorkerRogue
from sniper.isolation.messages import MOST_KEPT, MOST_OBJECTS
from sniper.isolation.serving import serve
from sniper.isolation.told import ERRORS
from sniper.kernel.elsewhere import Elsewhere
from sniper.kernel.facts import WorkerAnswered
from sniper.plugin import Frozen
from sniper.view import View

T = TypeVar("T")

MOST_LOST: Final = 5
"""Calls in a row that may be lost; from the next one on, that counts as an error of the plugin."""


class Desk:
    """The worker of one plugin object, and what it knows of its state."""

    def __init__(self, environment: Housed, factory: str, config: FarConfig, account: str, within_s: float) -> None:
        self.config = config
        self.worker = Worker(place_of(environment), factory, config.given, account, within_s=within_s)
        self.lost = 0
        self._known: OrderedDict[int, bytes] = OrderedDict()
        self._starts = 0

    def news(self, which: int, kept: bytes) -> bytes | None:
        """What a call must say of the state: None, where the process has it. A process forgets what was asked longest
        ago, as this does (`sniper.isolation.worker.Plugin`)."""
        if self.worker.starts != self._starts:
            self._starts = self.worker.starts
            self._known.clear()
        return None if self._known.pop(which, None) == kept else kept

    def knows(self, which: int, kept: bytes) -> None:
        """The process has this state now."""
        self._known[which] = kept
        if len(self._known) > MOST_OBJECTS:
            self._known.popitem(last=False)


class Far(Protocol):
    """A plugin object in the kernel whose code runs in a worker. ``who``: see `WorkerAnswered`; ``kept``: its state, as
    the worker wrote it; empty: it begins."""

    @property
    def who(self) -> str: ...
    @property
    def kept(self) -> bytes: ...
    def keep(self, kept: bytes) -> None: ...
    def desk(self, account: str) -> Desk: ...


class Occasion(NamedTuple):
    """On which a plugin is asked. ``elsewhere``: where it is put on record; None: nowhere. ``serves``: answers what it
    asks."""

    elsewhere: Elsewhere | None
    account: str
    now: int
    serves: Serve


def seeing(view: View) -> Occasion:
    """One that sees a view. Those of tests have no record."""
    return Occasion(
        getattr(view, "elsewhere", None),
        view.account,
        view.now,
        lambda what, arguments: serve(view, what, arguments),
    )


def converse(
    far: Far,
    occasion: Occasion,
    form: str,
    method: str,
    given: bytes,
    read: Callable[[bytes], T],
    *,
    which: int = 0,
) -> Iterator[T]:
    """Call a method of it; what it gives, as it comes, each read with ``read`` (see `Worker.call`).

    Raises `WorkerLost` where there is no answer, or none to the end; what its code raised, where the contract knows
    that (see `sniper.isolation.told.ERRORS`), and `PluginFault` where it does not, or where its worker did what none
    may. Whatever it is, it is on record then.
    """
    elsewhere, account = occasion.elsewhere, occasion.account
    recorded = None if elsewhere is None else elsewhere.recorded(account, far.who)
    if recorded is None and elsewhere is not None and not elsewhere.asks:
        raise WorkerLost(f"{far.who}: nothing is on record")
    if recorded is None:
        recorded = yield from _asked(far, occasion, form, method, given, read, which)
    else:
        yield from map(read, recorded.answers)
    far.keep(patched(far.kept, recorded))
    if elsewhere is not None:
        elsewhere.tell(account, recorded)
    if recorded.lost:
        raise WorkerLost(f"{far.who}: {recorded.lost}")
    if recorded.raised:
        raise ERRORS.get(recorded.kind, PluginFault)(recorded.raised)


def _asked(
    far: Far, occasion: Occasion, form: str, method: str, given: bytes, read: Callable[[bytes], T], which: int
) -> Generator[T, None, WorkerAnswered]:
    desk, kept = far.desk(occasion.account), far.kept
    answers: list[bytes] = []

    def taken(data: bytes) -> T:
        found = read(data)
        # As it was read: cut, and with nothing beside it. What handed's readers give is a message.
        answers.append(encode(cast("Frozen", found)) if read in READERS else data)
        if sum(map(len, answers)) > MOST_KEPT:
            raise PluginFault(f"what it gives in one call takes more than the {MOST_KEPT} bytes that are put on record")
        return found

    raised = lost = kind = ""
    now = kept
    try:
        ended: Ended = yield from desk.worker.call(
            form,
            method,
            given,
            read=taken,
            serve=occasion.serves,
            now=occasion.now,
            which=which,
            kept=desk.news(which, kept),
        )
    except WorkerRogue as error:
        raised = f"its worker was ended: {error}"
    except WorkerLost as error:
        desk.lost += 1
        lost = str(error)
        if desk.lost > MOST_LOST:
            raised, lost = f"{MOST_LOST} answers were lost before this one: {lost}", ""
    else:
        desk.lost = 0
        raised, kind = ended.raised, ended.kind
        now = kept if ended.kept is None else ended.kept
        if not raised:
            desk.knows(which, now)
    begin, end, changed = difference(kept, now)
    return WorkerAnswered(
        time=occasion.now,
        who=far.who,
        answers=tuple(answers),
        begin=begin,
        end=end,
        kept=changed,
        raised=raised,
        kind=kind,
        lost=lost,
    )


def difference(before: bytes, after: bytes) -> tuple[int, int, bytes]:
    """``begin``, ``end`` and ``kept`` of a `WorkerAnswered`: the shortest piece that turns one state into the other."""
    if before == after:
        return 0, 0, b""
    most = min(len(before), len(after))
    begin = _same(most, lambda size: before[:size] == after[:size])
    same = _same(most - begin, lambda size: not size or before[-size:] == after[-size:])
    return begin, len(before) - same, after[begin : len(after) - same]


def _same(most: int, alike: Callable[[int], bool]) -> int:
    """The greatest size, up to ``most``, up to which two things are alike."""
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        if alike(middle):
            low = middle
        else:
            high = middle - 1
    return low


def patched(before: bytes, fact: WorkerAnswered) -> bytes:
    """The state after what is on record."""
    if fact.begin == fact.end and not fact.kept:
        return before
    return before[: fact.begin] + fact.kept + before[fact.end :]

"""From what sources say to signals: each once, by weight, and several that say the same as one.

Pure and bounded: what was heard longer ago than it can matter is forgotten, and where there is too much, the oldest.
"""

import re
from collections import Counter
from collections.abc import Iterable

from sniper.events import Signal, SignalHeard
from sniper.kernel.exchange.tickers import Tickers
from sniper.kernel.market import Market
from sniper.kernel.naming import MOST_NAMES, Naming
from sniper.kernel.wiring import SignalRule, SignalWiring
from sniper.plugin import Frozen
from sniper.types import BPS

MOST_SOURCES = 32
"""Sources that count for one group; more cannot make it much stronger."""

Key = tuple[str, int, tuple[str, ...]]
"""What makes two sayings the same: the kind that they count as, direction, and what they are about."""

_WORDS = re.compile(r"\w+")


class Said(Frozen):
    """What one source said of a group, last. ``counts``: bps, its strength times its weight. ``heard``: ns UTC."""

    source: str
    counts: int
    heard: int
    event: SignalHeard
    expires: int


class Group:
    """The same thing, said by one or several. ``said``: by source. ``quiet``: ns UTC until when nothing more is told of
    it, because it was told; 0: it was not."""

    __slots__ = ("quiet", "said")

    def __init__(self) -> None:
        self.said: dict[str, Said] = {}
        self.quiet = 0


class Signals:
    """The pipeline. ``dropped``: what became of the rest, by reason, since the process began; it decides nothing."""

    def __init__(self, wiring: SignalWiring, market: Market, tickers: Tickers) -> None:
        self._wiring = wiring
        self._rules = dict(wiring.kinds)
        self._weights = dict(wiring.weights)
        self._naming = Naming(dict(wiring.symbols), market, tickers)
        self.seen: dict[tuple[str, str], int] = {}
        """(source, id) → ns UTC when it was heard; oldest first."""
        self.groups: dict[Key, Group] = {}
        """That was heard of longest ago first."""
        self.passed = 0
        self.dropped: Counter[str] = Counter()

    def heard(self, event: SignalHeard, now: int) -> Signal | None:
        """What a source said; the signal that it makes, where it is one now."""
        rule = self._rules.get(event.kind, self._wiring.rule)
        said, reason = self._judged(event, rule, now)
        if said is None:
            self.dropped[reason] += 1
            return None
        group = self._group((rule.counts_as or event.kind, event.direction, self._subject(event)), rule, now)
        if group.quiet:
            self.dropped["told already"] += 1
            return None
        if said.source in group.said or len(group.said) < MOST_SOURCES:
            group.said[said.source] = said
        score = combined(each.counts for each in group.said.values())
        if len(group.said) < rule.sources or score < rule.min_score:
            self.dropped["waits for more sources"] += 1
            return None
        group.quiet = now + rule.window
        self.passed += 1
        return self._signal(group, score, now)

    def _judged(self, event: SignalHeard, rule: SignalRule, now: int) -> tuple[Said | None, str]:
        """What it counts for, or why it counts for nothing."""
        counts = event.strength * self._weight(event.source) // BPS
        if not counts:
            return None, "without weight"  # before it takes another one's place in what is remembered
        key = (event.source, event.id)
        self._forget(now)
        if key in self.seen:
            return None, "repeated"
        self.seen[key] = now
        if len(self.seen) > self._wiring.most:
            del self.seen[next(iter(self.seen))]
        at = min(event.at, now)
        if at < now - rule.max_age:
            return None, "too old"
        expires = event.expires or at + rule.lives
        if expires <= now:
            return None, "expired"
        return Said(source=event.source, counts=counts, heard=now, event=event, expires=expires), ""

    def _weight(self, source: str) -> int:
        """Of the source, else of its feed, else of all others."""
        section = source.partition(".")[0]
        return self._weights.get(source, self._weights.get(section, self._wiring.weight))

    def _forget(self, now: int) -> None:
        """What came so long ago that its source would be too old now."""
        while self.seen:
            oldest = next(iter(self.seen))
            if self.seen[oldest] >= now - self._wiring.remembered:
                return
            del self.seen[oldest]

    def _subject(self, event: SignalHeard) -> tuple[str, ...]:
        """What it is about, by one name each; where it names nothing, the words of its text."""
        if event.about:
            return tuple(sorted({self._naming.canonical(name) for name in event.about}))
        return (" ".join(_WORDS.findall(event.text.casefold())) or event.url,)

    def _group(self, key: Key, rule: SignalRule, now: int) -> Group:
        """Its group, with those alone who said it within the window and still mean it; now the newest."""
        group = self.groups.pop(key, None)
        if group is None or 0 < group.quiet <= now:
            group = Group()
        begin = now - rule.window
        if not group.quiet:
            group.said = {
                source: said for source, said in group.said.items() if said.heard > begin and said.expires > now
            }
        self.groups[key] = group
        if len(self.groups) > self._wiring.most:
            del self.groups[next(iter(self.groups))]
        return group

    def _signal(self, group: Group, score: int, now: int) -> Signal:
        said = sorted(group.said.values(), key=lambda each: (each.heard, each.source))
        first = said[0].event
        assets, instruments = self._naming.found([name for each in said for name in each.event.about])
        return Signal(
            time=now,
            id=f"{first.source}/{first.id}",
            kind=first.kind,
            sources=tuple(sorted(group.said)),
            about=first.about,
            assets=assets[:MOST_NAMES],
            instruments=instruments[:MOST_NAMES],
            direction=first.direction,
            score=score,
            at=min(min(each.event.at, each.heard) for each in said),
            expires=min(each.expires for each in said),
            text=first.text,
            url=first.url,
        )


def combined(counts: Iterable[int]) -> int:
    """What several say together, bps: one less the product of their doubts, as if none had heard it from another.
    Rounded down; at least the strongest of them."""
    doubt = whole = 1
    for each in counts:
        doubt *= BPS - each
        whole *= BPS
    return BPS - -(-doubt * BPS // whole)

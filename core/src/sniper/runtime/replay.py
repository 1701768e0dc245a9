"""Prove that a journal holds what code and config decide: run it again, and hold each fact against the record."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter

from sniper.errors import ConfigError, JournalError
from sniper.journal import snapshots
from sniper.journal.reader import Frame, Reader
from sniper.journal.segments import list_segments, segment_path
from sniper.kernel.kernel import Kernel
from sniper.kernel.snapshot import restore
from sniper.runtime.collecting import uncollected
from sniper.runtime.kept import JOURNAL, kept
from sniper.runtime.manifest import Epoch, explain, manifest
from sniper.runtime.records import register_events
from sniper.runtime.recovery import Mismatch, Rerun
from sniper.runtime.wire import signs, wire

__all__ = ["OtherManifest", "Progress", "Replayed", "frames", "replay"]

Progress = Callable[[int, int], None]
"""Told how many bytes of how many are done."""


class OtherManifest(ConfigError):
    """The journal was decided by other code or another config than what is here."""

    code = "other-manifest"


@dataclass
class Replayed:
    """What running a journal again gave.

    begin       Its first record; ``end``: the one after its last.
    mismatches  Of accounts that decided otherwise, the first of each, by the code and config that decided before.
    redecided   The same where code or config differ from the epoch's.
    differing   What differs, by epoch; empty where the journal's manifests are those of what is here.
    """

    begin: int = 0
    end: int = 0
    epochs: list[int] = field(default_factory=list)
    inputs: int = 0
    facts: int = 0
    seconds: float = 0.0
    mismatches: list[Mismatch] = field(default_factory=list)
    redecided: list[Mismatch] = field(default_factory=list)
    differing: dict[int, list[str]] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        return not self.mismatches

    @property
    def rate(self) -> int:
        """Inputs and facts a second."""
        return round((self.inputs + self.facts) / self.seconds) if self.seconds else 0


def replay(
    run: Path,
    *,
    config: Path | None = None,
    epoch: int | None = None,
    allow_different: bool = False,
    progress: Progress | None = None,
) -> tuple[Replayed, Kernel]:
    """Run a journal again, from its beginning, or where it was pruned from its oldest snapshot; the result, and the
    kernel as it stands at the end.

    run     The run's directory. ``config``: the config file, where it is not the one that the run kept.
    epoch   Only this one.

    Raises `OtherManifest` where an epoch was decided by something else, unless ``allow_different``; and what cannot be
    read: `ConfigError`, `PluginError`, `JournalError`, `CodecError`.
    """
    resolved, catalogue, known = kept(run, config)
    chosen = [each for each in known if epoch in (None, each.number)]
    if not chosen:
        numbers = ", ".join(str(each.number) for each in known)
        raise JournalError(f"{run / JOURNAL}: there is no epoch {epoch}; there are {numbers}")
    present = manifest(resolved, catalogue)
    result = Replayed(epochs=[each.number for each in chosen])
    result.differing = {each.number: explain(each.manifest, present) for each in chosen if each.manifest != present}
    if result.differing and not allow_different:
        raise OtherManifest(_refusal(result.differing, chosen))
    register_events()
    kernel = Kernel(wire(resolved, signs=signs(resolved)))
    result.begin = _begin(run / JOURNAL, kernel, chosen[0])
    rerun = Rerun(kernel, result.begin, asks=bool(result.differing))
    began = perf_counter()
    with uncollected():
        for frame in frames(run / JOURNAL, result.begin, progress):
            if frame.epoch > chosen[-1].number:
                break
            rerun.take(frame)
    result.seconds = perf_counter() - began
    result.end, result.inputs, result.facts = rerun.position, rerun.inputs, rerun.facts
    for mismatch in sorted(rerun.mismatches.values(), key=lambda each: each.position):
        (result.redecided if mismatch.epoch in result.differing else result.mismatches).append(mismatch)
    return result, kernel


def frames(directory: Path, begin: int, progress: Progress | None = None) -> Iterator[Frame]:
    """The frames of a journal from record ``begin`` on, reported by their bytes."""
    sizes = {number: segment_path(directory, number).stat().st_size for number in list_segments(directory)}
    before, total = {}, 0
    for number, size in sizes.items():
        before[number] = total
        total += size
    with Reader(directory, begin) as reader:
        for frame in reader:
            yield frame
            if progress is not None:
                progress(before.get(frame.segment, total) + frame.offset, total)


def _begin(directory: Path, kernel: Kernel, epoch: Epoch) -> int:
    """Bring the kernel to where the epoch begins, or to the oldest snapshot in it; the next record."""
    if epoch.first == 0:
        return 0
    found = [snapshots.position_of(path) for path in snapshots.list_snapshots(directory)]
    inside = sorted(position for position in found if position > epoch.first)
    for position in inside:
        snapshot = snapshots.load(directory / f"snapshot-{position}.snap")
        left_out = restore(kernel, snapshot.state)
        if left_out:
            raise JournalError(f"snapshot-{position}.snap does not fit this config: {'; '.join(left_out)}")
        return position
    raise JournalError(
        f"{directory}: epoch {epoch.number} begins at record {epoch.first}, and no snapshot of it is left to begin with"
    )


def _refusal(differing: dict[int, list[str]], chosen: Sequence[Epoch]) -> str:
    lines = ["the journal was decided by other code or another config than what is here:"]
    for number, what in differing.items():
        lines += [f"  epoch {number}: {line}" for line in what]
    same = [str(each.number) for each in chosen if each.number not in differing]
    if same:
        lines.append(f"  verify what this code decided with --epoch {same[-1]}, or")
    lines.append("  rebuild what is named above, name its config with --config FILE, or see what would be decided now")
    lines.append("  with --allow-different")
    return "\n".join(lines)

"""The append-only record of one kernel process: what entered it, what it decided, in one order.

`Writer` appends frames, `Reader` follows them, `verify` proves that no byte changed, `snapshots` keeps folded states
beside the record, `prune` removes what a snapshot covers. `segments` says what the files look like.

A **position** is the number of a record, counted from 0 at the beginning of the journal; record numbers never change,
not by rotation, epochs or pruning.
"""

from sniper.journal.export import export
from sniper.journal.prune import prune
from sniper.journal.reader import Frame, Reader, chain_at, manifest
from sniper.journal.segments import Kind, Record
from sniper.journal.verify import Problem, Report, verify
from sniper.journal.writer import Writer

__all__ = [
    "Frame",
    "Kind",
    "Problem",
    "Reader",
    "Record",
    "Report",
    "Writer",
    "chain_at",
    "export",
    "manifest",
    "prune",
    "verify",
]

"""The journal as text, for auditors and other programs."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import IO

from sniper.codec import to_json
from sniper.errors import CodecError
from sniper.journal.reader import Reader
from sniper.journal.segments import Kind

__all__ = ["export"]


def export(directory: Path, out: IO[str], decode: Callable[[bytes], object], from_: int = 0) -> int:
    """Writes one JSON object a line for each record, and returns how many.

    Integers beyond 2**53 are strings, bytes 0x-hex. What ``decode`` refuses with `CodecError`, such as a struct of a
    plugin that is not installed, is written as ``undecoded`` hex with the reason: no record is left out.
    """
    count = 0
    with Reader(directory, from_) as reader:
        for frame in reader:
            for position, record in enumerate(frame.records, frame.first):
                line: dict[str, object] = {
                    "record": position,
                    "epoch": frame.epoch,
                    "stream": record.stream,
                    "kind": Kind(record.kind).name.lower(),
                }
                try:
                    line["data"] = to_json(decode(record.data))
                except CodecError as error:
                    line |= {"undecoded": to_json(record.data), "reason": str(error)}
                out.write(json.dumps(line, ensure_ascii=False) + "\n")
                count += 1
    return count

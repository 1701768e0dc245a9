"""A part of a strategy's columns, as its callbacks ask for it in each candle.

Most ask for its last row, and for one or two values of that. pandas takes fifty times as long to cut the part and to
bring the row into one array as they take to look at them; so both are done when something else is asked for.
"""

from typing import Any, Final  # pandas brings no types

import numpy as np
import pandas as pd  # type: ignore[import-untyped]

_MADE: Final = "_mgr"
"""Under which pandas keeps the values of a frame or a series: what is not made yet has none."""


class Source:
    """All rows of a strategy's columns. ``fit``: whether a row of them is one of objects, as with dates among them."""

    def __init__(self, frame: Any) -> None:
        self.frame = frame
        self.fit = bool(len(frame) and frame.columns.is_unique and frame.iloc[-1].dtype == object)
        self.values = {name: _values(frame[name]) for name in frame.columns} if self.fit else {}

    def cut(self, begin: int, end: int) -> Any:
        """Rows ``begin`` to ``end``, the latter left out."""
        if not self.fit:
            return self.frame.iloc[begin:end]
        found = Part.__new__(Part)
        found.__dict__.update(_source=self, _begin=begin, _end=end)
        return found


def _values(column: Any) -> Any:
    plain = isinstance(column.dtype, np.dtype) and column.dtype.kind in "biufO"
    return column.to_numpy() if plain else column.array


class Part(pd.DataFrame):  # type: ignore[misc]
    """Some rows of a `Source`."""

    @property
    def _constructor(self) -> Any:
        return pd.DataFrame

    def __getattr__(self, name: str) -> Any:
        kept = self.__dict__
        if _MADE not in kept and "_source" in kept:
            source = kept.pop("_source")
            pd.DataFrame.__init__(self, source.frame.iloc[kept.pop("_begin") : kept.pop("_end")])
        return super().__getattr__(name) if name not in kept else kept[name]

    def __len__(self) -> int:
        kept = self.__dict__
        return int(kept["_end"] - kept["_begin"]) if "_source" in kept else int(super().__len__())

    def __getitem__(self, key: Any) -> Any:
        kept = self.__dict__
        if "_source" in kept and isinstance(key, str) and key in kept["_source"].values:
            return kept["_source"].frame[key].iloc[kept["_begin"] : kept["_end"]]
        return super().__getitem__(key)

    @property
    def iloc(self) -> Any:
        return _Rows(self) if "_source" in self.__dict__ else super().iloc


class _Rows:
    """What ``iloc`` is: a row by its number is made here, all else by pandas."""

    __slots__ = ("_part",)

    def __init__(self, part: Part) -> None:
        self._part = part

    def __getitem__(self, key: Any) -> Any:
        kept = self._part.__dict__
        if type(key) is int and "_source" in kept:
            begin, end = kept["_begin"], kept["_end"]
            at = begin + key if key >= 0 else end + key
            if begin <= at < end:
                row = Row.__new__(Row)
                row.__dict__.update(_source=kept["_source"], _at=at)
                return row
        return self._pandas()[key]

    def __setitem__(self, key: Any, value: Any) -> None:
        self._pandas()[key] = value

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._pandas()(*args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._pandas(), name)

    def _pandas(self) -> Any:
        return super(Part, self._part).iloc


class Row(pd.Series):  # type: ignore[misc]
    """One row of a `Source`."""

    @property
    def _constructor(self) -> Any:
        return pd.Series

    def __getattr__(self, name: str) -> Any:
        kept = self.__dict__
        if _MADE not in kept and "_source" in kept:
            values = kept["_source"].values
            if name in values:
                return values[name][kept["_at"]]
            source = kept.pop("_source")
            pd.Series.__init__(self, source.frame.iloc[kept.pop("_at")])
        return super().__getattr__(name) if name not in kept else kept[name]

    def __getitem__(self, key: Any) -> Any:
        kept = self.__dict__
        if "_source" in kept and isinstance(key, str) and key in kept["_source"].values:
            return kept["_source"].values[key][kept["_at"]]
        return super().__getitem__(key)

    def squeeze(self, axis: Any = None) -> Any:
        return (
            self if "_source" in self.__dict__ and len(self.__dict__["_source"].values) > 1 else super().squeeze(axis)
        )

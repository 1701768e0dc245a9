"""Evaluate a forest that LightGBM grew, from its text, without LightGBM: importing it takes longer than a check may.

Numerical splits alone, no missing values: the training here grows no others. The text is what LightGBM's
``GBDT::SaveModelToString`` writes. Negative children are leaves, numbered ``~child``.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import inf
from typing import Final, NamedTuple

from sniper_risk_rug_forecast.errors import ModelFileError

_NUMERICAL: Final = {0, 2}
"""Values of ``decision_type``: a comparison, without missing values; 2 says to which side they would have gone."""


@dataclass(frozen=True)
class Tree:
    """``counts`` and ``leaf_counts``: training samples that passed."""

    feature: list[int]
    threshold: list[float]
    left: list[int]
    right: list[int]
    counts: list[int]
    leaf_values: list[float]
    leaf_counts: list[int]

    def value(self, x: Sequence[float]) -> float:
        """What it adds to the log odds."""
        node = 0 if self.feature else ~0
        while node >= 0:
            node = self.left[node] if x[self.feature[node]] <= self.threshold[node] else self.right[node]
        return self.leaf_values[~node]

    def leaves(self) -> "list[Leaf]":
        """What its leaves ask of a sample."""
        found: list[Leaf] = []
        self._descend(0 if self.feature else ~0, {}, found)
        return found

    def _descend(self, node: int, sides: "dict[int, Side]", found: "list[Leaf]") -> None:
        if node < 0:
            found.append(Leaf(self.leaf_values[~node], tuple(sides[feature] for feature in sorted(sides))))
            return
        feature, cut, passed = self.feature[node], self.threshold[node], self.counts[node]
        side = sides.get(feature, Side(feature, -inf, inf, 1.0))
        for child, above, upto in (
            (self.left[node], side.above, min(side.upto, cut)),
            (self.right[node], max(side.above, cut), side.upto),
        ):
            share = side.share * (self.counts[child] if child >= 0 else self.leaf_counts[~child]) / passed
            self._descend(child, {**sides, feature: Side(feature, above, upto, share)}, found)


class Side(NamedTuple):
    """A leaf takes samples with ``above < feature <= upto``. ``share``: of the training samples that met the feature's
    splits on the way, how many went this way."""

    feature: int
    above: float
    upto: float
    share: float


@dataclass(frozen=True)
class Leaf:
    """``known``: what was computed of it before, by which sides a sample is within (bit by bit)."""

    value: float
    sides: tuple[Side, ...]
    known: dict[int, tuple[float, ...]] = field(default_factory=dict)

    def shares(self, within: int) -> tuple[float, ...]:
        """What each side contributes where a sample is within some of them.

        The leaf's value counts as far as the sample is within: known sides multiply by 0 or 1, unknown ones by their
        share. The Shapley value of such a product is the integral, over t from 0 to 1, of the side's difference times
        the other sides at ``share · (1 - t) + within · t`` (Owen, "Multilinear Extensions of Games", 1972).
        """
        if within not in self.known:
            self.known[within] = tuple(self._share(within, number) for number in range(len(self.sides)))
        return self.known[within]

    def _share(self, within: int, number: int) -> float:
        rest = [1.0]
        for other, side in enumerate(self.sides):
            if other != number:
                slope = (within >> other & 1) - side.share
                raised = zip([*rest, 0.0], [0.0, *rest], strict=True)
                rest = [side.share * low + slope * high for low, high in raised]
        whole = sum(coefficient / (power + 1) for power, coefficient in enumerate(rest))
        return self.value * ((within >> number & 1) - self.sides[number].share) * whole


@dataclass(frozen=True)
class Forest:
    """``names``: of the features, in the order of the inputs."""

    names: tuple[str, ...]
    trees: tuple[Tree, ...]

    def log_odds(self, x: Sequence[float]) -> float:
        """The sum over all trees."""
        return sum(tree.value(x) for tree in self.trees)

    def contributions(self, x: Sequence[float]) -> list[float]:
        """What each feature adds to the log odds beyond the training average: SHAP values by the trees' own counts.

        Lundberg, Erion, Lee, "Consistent Individualized Feature Attribution for Tree Ensembles" (2018).
        """
        phi = [0.0] * len(self.names)
        for leaf in self.leaves:
            within = 0
            for number, side in enumerate(leaf.sides):
                within |= (side.above < x[side.feature] <= side.upto) << number
            for side, share in zip(leaf.sides, leaf.shares(within), strict=True):
                phi[side.feature] += share
        return phi

    @cached_property
    def leaves(self) -> list[Leaf]:
        return [leaf for tree in self.trees for leaf in tree.leaves()]


def read_forest(text: str) -> Forest:
    """Raises `ModelFileError` where it is no forest of numerical splits."""
    try:
        head, *blocks = text.split("\nTree=")
        names = tuple(_fields(head)["feature_names"].split())
        trees = tuple(_tree(_fields(block.split("\nend of trees")[0])) for block in blocks)
    except (KeyError, ValueError, IndexError) as cause:
        raise ModelFileError(f"the forest in the model file cannot be read: {cause!r}; train it anew") from None
    if any(not 0 <= feature < len(names) for tree in trees for feature in tree.feature):
        raise ModelFileError("the forest in the model file splits by a feature that it does not name; train it anew")
    if not trees:
        raise ModelFileError("the forest in the model file has no tree; train it anew")
    return Forest(names=names, trees=trees)


def _fields(block: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in block.splitlines() if "=" in line)


def _tree(fields: dict[str, str]) -> Tree:
    def numbers(name: str) -> list[int]:
        return [int(word) for word in fields.get(name, "").split()]

    if other := set(numbers("decision_type")) - _NUMERICAL:
        raise ValueError(f"decision_type {sorted(other)}")
    tree = Tree(
        feature=numbers("split_feature"),
        threshold=[float(word) for word in fields.get("threshold", "").split()],
        left=numbers("left_child"),
        right=numbers("right_child"),
        counts=numbers("internal_count"),
        leaf_values=[float(word) for word in fields["leaf_value"].split()],
        leaf_counts=numbers("leaf_count"),
    )
    inner = len(tree.feature)
    sides = (tree.threshold, tree.left, tree.right, tree.counts)
    if any(len(side) != inner for side in sides) or len(tree.leaf_values) != inner + 1:
        raise ValueError(f"a tree of {inner} splits is incomplete")
    for children in (tree.left, tree.right):
        # A child comes after its parent, so that every way down ends.
        if any(not (node < child < inner or 0 <= ~child <= inner) for node, child in enumerate(children)):
            raise ValueError("a tree leads back into itself, or to nowhere")
    if inner and (min(tree.counts) <= 0 or len(tree.leaf_counts) != inner + 1):
        raise ValueError("a tree does not say how many samples passed")
    return tree

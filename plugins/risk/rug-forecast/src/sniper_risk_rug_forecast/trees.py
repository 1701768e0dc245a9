"""Evaluate a forest that LightGBM grew, from its text, without LightGBM: importing it takes longer than a check may.

Numerical splits alone, no missing values: the training here grows no others. The text is what LightGBM's
``GBDT::SaveModelToString`` writes. Negative children are leaves, numbered ``~child``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sniper_risk_rug_forecast.errors import ModelFileError

_NUMERICAL: Final = {0, 2}
"""Values of ``decision_type``: a comparison, without missing values; 2 says to which side they would have gone."""


@dataclass(frozen=True)
class Tree:
    """``counts`` and ``leaf_counts``: training samples that passed, by which the absence of a feature is averaged."""

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

    def count(self, node: int) -> int:
        return self.counts[node] if node >= 0 else self.leaf_counts[~node]


@dataclass(frozen=True)
class Forest:
    """``names``: of the features, in the order of the inputs."""

    names: tuple[str, ...]
    trees: tuple[Tree, ...]

    def log_odds(self, x: Sequence[float]) -> float:
        """The sum over all trees."""
        return sum(tree.value(x) for tree in self.trees)

    def contributions(self, x: Sequence[float]) -> list[float]:
        """What each feature adds to the log odds beyond the training average: SHAP values.

        Lundberg, Erion, Lee, "Consistent Individualized Feature Attribution for Tree Ensembles" (2018), algorithm 2.
        """
        phi = [0.0] * len(self.names)
        for tree in self.trees:
            if tree.feature:
                _walk(tree, x, phi, 0, [], 1.0, 1.0, -1)
        return phi


@dataclass(slots=True)
class _Part:
    """One split feature on the way: the shares of paths that go this way without it and with it, and their weight."""

    feature: int
    zero: float
    one: float
    weight: float


def _walk(
    tree: Tree, x: Sequence[float], phi: list[float], node: int, way: list[_Part], zero: float, one: float, feature: int
) -> None:
    way = _extended(way, zero, one, feature)
    if node < 0:
        value = tree.leaf_values[~node]
        for i in range(1, len(way)):
            part = way[i]
            weight = sum(each.weight for each in _without(way, i))
            phi[part.feature] += weight * (part.one - part.zero) * value
        return
    split = tree.feature[node]
    left, right = tree.left[node], tree.right[node]
    hot, cold = (left, right) if x[split] <= tree.threshold[node] else (right, left)
    zero, one = 1.0, 1.0
    for i in range(1, len(way)):
        if way[i].feature == split:
            zero, one = way[i].zero, way[i].one
            way = _without(way, i)
            break
    passed = tree.count(node)
    _walk(tree, x, phi, hot, way, zero * tree.count(hot) / passed, one, split)
    _walk(tree, x, phi, cold, way, zero * tree.count(cold) / passed, 0.0, split)


def _extended(way: list[_Part], zero: float, one: float, feature: int) -> list[_Part]:
    """EXTEND of the paper."""
    size = len(way)
    longer = [_Part(each.feature, each.zero, each.one, each.weight) for each in way]
    longer.append(_Part(feature, zero, one, 1.0 if size == 0 else 0.0))
    for i in range(size - 1, -1, -1):
        longer[i + 1].weight += one * longer[i].weight * (i + 1) / (size + 1)
        longer[i].weight = zero * longer[i].weight * (size - i) / (size + 1)
    return longer


def _without(way: list[_Part], at: int) -> list[_Part]:
    """UNWIND of the paper."""
    last = len(way) - 1
    zero, one = way[at].zero, way[at].one
    following = way[last].weight
    shorter = [_Part(each.feature, each.zero, each.one, each.weight) for each in way[:last]]
    for i in range(last - 1, -1, -1):
        if one != 0:
            kept = shorter[i].weight
            shorter[i].weight = following * (last + 1) / ((i + 1) * one)
            following = kept - shorter[i].weight * zero * (last - i) / (last + 1)
        else:
            shorter[i].weight = shorter[i].weight * (last + 1) / (zero * (last - i))
    for i in range(at, last):
        shorter[i].feature, shorter[i].zero, shorter[i].one = way[i + 1].feature, way[i + 1].zero, way[i + 1].one
    return shorter


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

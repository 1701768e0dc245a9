"""What a node may do wrong, and what a chain may do that the feed cannot follow."""

from sniper.errors import RpcError


class NodeLied(RpcError):
    """A node's answer contradicts itself, the question, or what it is asked to continue."""

    code = "node-lied"


class NotThere(RpcError):
    """No endpoint that answers has this block: not yet, or no longer."""

    code = "block-not-there"


class ReorgTooDeep(RpcError):
    """The chain replaced more blocks than the feed remembers."""

    code = "reorg-too-deep"


class StandsStill(RpcError):
    """The endpoints answer, but their chain does not go on."""

    code = "chain-stands-still"

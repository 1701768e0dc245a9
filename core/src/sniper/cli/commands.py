"""Every command of the core, in one place: what users type, where it is, and what it does. Plugins add theirs."""

from collections.abc import Mapping
from typing import Final, NamedTuple


class Entry(NamedTuple):
    """``target``: ``"module:attribute"``, imported when the command runs or its own help is asked for."""

    target: str
    summary: str


GROUPS: Final[Mapping[str, str]] = {
    "config": "Check and show the config file",
    "data": "Keep market data to backtest on",
    "journal": "Verify, export and prune what was recorded",
    "keys": "Make key files, and see and change what the signer may sign",
    "models": "Train models, and see what they know",
    "plugins": "See what is installed, and install more",
    "policy": "Try the policies that the config lists",
    "registry": "Publish plugins, keep a repository of them, and say which ones you trust",
    "risk": "See what the risk checks say",
    "strategies": "Bring strategies of other programs",
    "strategy": "See and steer the strategies of a run",
}
"""Groups and what their commands are about."""

COMMANDS: Final[Mapping[str, Entry]] = {
    "backtest": Entry("sniper.cli.backtest:backtest", "Trade a config on a recorded market"),
    "close": Entry("sniper.cli.positions:close", "Sell a position by hand"),
    "completion": Entry("sniper.cli.completion:completion", "Print the completion script of a shell"),
    "config check": Entry("sniper.cli.config:check", "Check a config file and the plugins that it names"),
    "config show": Entry("sniper.cli.config:show", "Show all settings with their defaults"),
    "data backfill": Entry("sniper.cli.backfill:backfill", "Write the past of a chain into a journal to backtest on"),
    "doctor": Entry("sniper.cli.doctor:doctor", "Check this machine, the installation and the endpoints"),
    "init": Entry("sniper.cli.init:init", "Write a commented config file"),
    "keys import": Entry("sniper.cli.keys:import_", "Encrypt a key that you have"),
    "keys list": Entry("sniper.cli.keys:list_", "List the addresses of key files or of the signer"),
    "keys new": Entry("sniper.cli.keys:new", "Make a key"),
    "keys rules": Entry("sniper.cli.rules:rules", "See what the signer may sign, and change it by a signed file"),
    "kill-switch": Entry("sniper.cli.kill_switch:kill_switch", "Stop entries, sell everything, or freeze"),
    "journal export": Entry("sniper.cli.journal:export", "Write a journal as lines of JSON"),
    "journal prune": Entry("sniper.cli.journal:prune", "Remove old segments that a snapshot covers"),
    "journal verify": Entry("sniper.cli.journal:verify", "Prove that no byte of a journal changed"),
    "orders": Entry("sniper.cli.orders:orders", "List what was ordered"),
    "parity": Entry("sniper.cli.parity:parity", "Hold a run at exchanges against its backtest"),
    "plugins doctor": Entry("sniper.cli.plugins:diagnose", "Load every plugin and say what is wrong"),
    "plugins info": Entry("sniper.cli.plugins:info", "Show one plugin and its config keys"),
    "plugins licence": Entry("sniper.cli.licence:licence", "Keep the licence of a plugin that needs one"),
    "plugins list": Entry("sniper.cli.plugins:list_", "List the installed plugins"),
    "pools": Entry("sniper.cli.market:pools", "List the pools that a run knows"),
    "positions": Entry("sniper.cli.positions:positions", "List what is held"),
    "quote": Entry("sniper.cli.market:quote", "What each pool gives for an amount, to the unit"),
    "reconcile": Entry(
        "sniper.cli.reconcile:reconcile", "Compare the books with chains and exchanges, and explain differences"
    ),
    "replay": Entry("sniper.cli.replay:replay", "Run a journal again and compare every decision"),
    "resume": Entry("sniper.cli.resume:resume", "Let a halted account trade again"),
    "risk check": Entry("sniper.cli.risk:check", "What every check finds about a token, with the evidence"),
    "route": Entry("sniper.cli.market:route", "The best way to trade an amount, and how good any could be"),
    "run": Entry("sniper.cli.run:run", "Trade until interrupted"),
    "status": Entry("sniper.cli.status:status", "Show where a run stands"),
    "strategy demote": Entry("sniper.cli.stages:demote", "Take it back to a lower stage"),
    "strategy promote": Entry("sniper.cli.stages:promote", "Let it rise to the next stage"),
    "strategy stages": Entry("sniper.cli.stages:stages", "List at which stages strategies are, and their gates"),
    "strategy configure": Entry("sniper.cli.strategy:configure", "Change keys of a strategy while it runs"),
    "strategy drain": Entry("sniper.cli.strategy:drain", "No entries any more; removed once it holds nothing"),
    "strategy list": Entry("sniper.cli.strategy:list_", "List the strategies and their states"),
    "strategy pause": Entry("sniper.cli.strategy:pause", "No entries until it is started again"),
    "strategy remove": Entry("sniper.cli.strategy:remove", "It ends; the exits of its positions go on"),
    "strategy start": Entry("sniper.cli.strategy:start", "Let it enter again"),
    "transfer": Entry("sniper.cli.transfer:transfer", "Send money to an own wallet"),
    "tx": Entry("sniper.cli.tx:tx", "Tell the life of a transaction: bids, replacements, blocks, reorgs"),
    "why": Entry("sniper.cli.why:why", "Tell why something was bought, refused or sold"),
}
"""Path of the command, its group first."""

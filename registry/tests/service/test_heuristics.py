"""Each heuristic sees what it is for, and passes over what looks like it and is honest."""

import ast
import base64
from pathlib import Path

import pytest

from sniper.catalogue import Catalogue
from sniper_registry.review.finding import Weight
from sniper_registry.review.heuristics import RULES, findings
from sniper_registry.review.source import Source

ROOT = Path(__file__).resolve().parents[3]
NOISE = base64.b64encode(bytes((i * i * 7 + i * 31) % 256 for i in range(400))).decode()

BAD = {
    "decoded-code": [
        "import base64\nexec(base64.b64decode('cHJpbnQoMSk='))",
        "from zlib import decompress as d\nx = d(b'..')\ny = x\neval(compile(y, '', 'exec'))",
        "exec(''.join(chr(c) for c in (112, 114)))",
        "import marshal\nexec(marshal.loads(b'..'))",
        "__builtins__.exec\nrun = exec\nrun(bytes.fromhex('00').decode())",
        "import codecs\neval(codecs.decode('cevag', 'rot13'))",
    ],
    "runs-text": [
        "eval('1 + 1')",
        "import builtins\nbuiltins.exec(text)",
        "e = exec\ne(text)",
        "getattr(builtins, 'ev' + 'al')(x)",
    ],
    "blob": [f"X = {NOISE!r}", f"X = {NOISE[:200]!r} + {NOISE[200:]!r}", f"X = {bytes(range(256)).hex()!r}"],
    "obfuscated": [
        "lIlIlIlI = 1\nIlIlIlIl = 2\nllllllI1 = 3",
        "_0x1a2b = 1\n_0x3c4d = _0x1a2b\ndef _0xffff(_0xabc): pass",
    ],
    "invisible": ["x = 1 # \u202e safe", "a\u200b = 1".replace("a\u200b", "a") + " # zero\u200bwidth"],
    "pushed-aside": ["x = 1;" + " " * 120 + "import os"],
    "programs": [
        "import subprocess",
        "import os as o\no.system('ls')",
        "__import__('os').popen('ls')",
        "getattr(__import__('os'), 'sys' + 'tem')('ls')",
        "import os\nos.execvp('sh', ['sh'])",
        "from os import posix_spawn\nposix_spawn('a', [], {})",
    ],
    "native": ["import ctypes", "from ctypes import CDLL", "importlib = 1\nimport cffi"],
    "network": [
        "import socket",
        "def f():\n    from urllib.request import urlopen",
        "import importlib\nimportlib.import_module('requests')",
    ],
    "environment": [
        "import os\nos.environ['KEY']",
        "from os import getenv\ngetenv('KEY')",
        "import os\nx = dict(os.environ)",
    ],
    "pickles": ["import pickle\npickle.loads(data)", "from marshal import load as l\nl(f)"],
    "computed-import": [
        "__import__(name)",
        "import importlib\nimportlib.import_module(base64)",
        "import runpy\nrunpy.run_path(p)",
    ],
    "reflection": [
        "().__class__.__base__.__subclasses__()",
        "import sys\nsys._getframe(1)",
        "import gc\ngc.get_objects()",
        "import os\ngetattr(os, name)()",
        "def f():\n    return globals()['x']",
    ],
    "inside": [
        "from sniper.signing import rules",
        "import sniper.runtime.node",
        "from sniper_signer_keystore import x",
    ],
    "patches": [
        "import json\njson.loads = steal",
        "import sys\nsys.modules['ssl'] = mine",
        "import sniper\nsetattr(sniper, 'x', 1)",
    ],
    "background": ["import threading", "import atexit\natexit.register(f)", "import sys\nsys.addaudithook(f)"],
    "at-import": ["start()", "import os\nos.remove('x')", "DATA = open('x').read()"],
    "time-bomb": [
        "import time\nif time.time() > 1_800_000_000: steal()",
        "from datetime import datetime\nif datetime.now() >= datetime(2027, 1, 1): steal()",
        "import time\nnow = time.time_ns()\nlater = now + 5\nif later > 1_800_000_000_000_000_000: steal()",
        "from datetime import date\nif str(date.today()) > '2027-01-01': steal()",
    ],
    "loot": [
        "open('/home/x/.ssh/id_rsa')",
        "P = '.aws/' + 'credentials'",
        "U = 'http://169.254.169.254/latest'",
        "P = b'wallet.dat'",
    ],
    "drop": [
        "U = 'https://discord.com/api/webhooks/1/x'",
        "U = 'http://203.0.113.7/a'",
        "U = 'https://api.telegram.' + 'org/bot1/send'",
    ],
}

GOOD = {
    "decoded-code": [
        "import base64\nx = base64.b64decode(text)",
        "import re\nre.compile(pattern.decode())",
        "import json\njson.loads(t)",
    ],
    "runs-text": ["import re\nre.compile('a')", "self.eval(x)", "import ast\nast.literal_eval(t)", "df.eval"],
    "blob": [
        "X = '''" + "A text for people, with words and blanks. " * 20 + "'''",
        "X = '0x' + 'a' * 400",
        "def f():\n    '" + "doc " * 200 + "'",
    ],
    "obfuscated": ["lot = 1\nill = 2\nloop = 3\nO = 4\nl = 5", "prix_é = 1"],
    "invisible": ["x = 'é ü 中'"],
    "pushed-aside": ["x = 1" + " " * 20 + "# far", "X = '''a" + " " * 200 + "b'''"],
    "programs": ["import os\nos.path.join('a')", "self.system('x')"],
    "native": ["import struct"],
    "network": [
        "import urllib.parse",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import aiohttp",
        "socket = 1",
    ],
    "environment": ["environ = {}\nenviron['x']", "config.environ"],
    "pickles": ["import json\njson.loads(t)", "import yaml\nyaml.safe_load(t)"],
    "computed-import": ["import importlib\nimportlib.import_module('json')"],
    "reflection": ["import math\ngetattr(math, 'sin')(1)", "getattr(spec, name)", "type(self).__name__"],
    "inside": ["from sniper.amm import Amm", "import sniper", "from sniper.evm.abi import encode"],
    "patches": ["self.x = 1", "import json\nx = json\ny.loads = 1", "setattr(self, 'x', 1)"],
    "background": ["import signal\nsignal.SIGTERM", "import queue"],
    "at-import": [
        "'doc'\nX = {1: 2}\nY = frozenset(('a',))\ndef f():\n    open('x')",
        "import logging\nL = logging.getLogger()",
    ],
    "time-bomb": [
        "import time\nif time.time() - start > 30: stop()",
        "if order.at > 1_800_000_000: x()",
        "import time\ntime.time() < deadline",
    ],
    "loot": ["P = '/etc/hosts'", "def f():\n    'Never reads .ssh/id_rsa.'", "X = 'metadata'"],
    "drop": ["U = 'https://api.exchange.example/v1'", "U = 'http://127.0.0.1:8545'", "V = '1.2.3.4'"],
}


def seen(text: str, permissions: tuple[str, ...] = ()) -> set[str]:
    return {each.rule for each in findings(Source("x.py", text, ast.parse(text), permissions))}


def test_every_rule_has_cases_of_both_kinds() -> None:
    assert set(RULES) == set(BAD) == set(GOOD)


@pytest.mark.parametrize(("rule", "text"), [(rule, text) for rule, texts in BAD.items() for text in texts])
def test_the_rule_sees_what_it_is_for(rule: str, text: str) -> None:
    assert rule in seen(text)


@pytest.mark.parametrize(("rule", "text"), [(rule, text) for rule, texts in GOOD.items() for text in texts])
def test_the_rule_passes_over_what_is_honest(rule: str, text: str) -> None:
    assert rule not in seen(text)


def test_connections_and_addresses_that_were_asked_for_are_not_refused() -> None:
    assert "network" not in seen("import aiohttp", ("network:api.acme.example",))
    assert "network" in seen("import aiohttp", ("secret:acme",))
    assert "drop" not in seen("U = 'https://api.telegram.org/bot'", ("network:api.telegram.org",))


def test_a_long_chain_of_names_is_followed_to_its_end() -> None:
    chain = "".join(f"a{number} = a{number + 1}\n" for number in range(5_000))
    assert "decoded-code" in seen(f"import base64\n{chain}a5000 = base64.b64decode(x)\nexec(a0)\n")
    imports = "".join(f"import m{number}\nm{number}.x = 1\n" for number in range(3_000))
    assert "patches" in seen(imports)


def test_a_finding_says_where_and_why() -> None:
    (finding,) = findings(Source("a/b.py", "\n\nimport ctypes\n", ast.parse("\n\nimport ctypes\n")))
    assert (finding.file, finding.line, finding.weight) == ("a/b.py", 3, Weight.LOOK)
    assert finding.text == "imports ctypes: it can read and write memory past everything that Python checks"


def test_no_plugin_of_the_project_is_refused() -> None:
    """They are honest, so a rule that refuses one of them is wrong. But for commands and signers, which run with full
    trust and say of no host that they talk to it: from a stranger that would be refused."""
    asked: dict[str, set[str]] = {}
    for extension in Catalogue.discover().extensions:
        asked.setdefault(extension.spec.factory.partition(".")[0], set()).update(extension.spec.permissions)
    wrong = []
    for file in sorted(ROOT.glob("plugins/*/*/src/*/**/*.py")):
        kind, package = file.relative_to(ROOT).parts[1], file.relative_to(ROOT).parts[4]
        if kind in ("app", "signer"):
            continue
        text = file.read_text()
        source = Source(file.name, text, ast.parse(text), tuple(asked.get(package, ())))
        wrong += [f"{file}: {each}" for each in findings(source) if each.weight is Weight.REFUSE]
    assert wrong == []

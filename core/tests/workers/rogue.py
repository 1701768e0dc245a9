"""A plugin that does to the host whatever it can think of. Its source, as it lies in an environment."""

SOURCE = r"""
import gc
import os
import pickle
import socket
import sys
import time

import msgspec

from sniper.codec import encode
from sniper.events import Event, KillSwitch
from sniper.isolation.messages import Asked, Checked, Done, Made, Told, written
from sniper.isolation.packing import pack
from sniper.strategy import Actions, Close, Config, Open, SetTimer, Strategy, View, on

CHANNEL = 3
pack_wire = msgspec.msgpack.encode


class Cue(Event, tag="test.cue/1"):
    instance: str
    do: str
    token: str = ""
    amount: int = 0


class AcmeConfig(Config):
    pass


def raw(data: bytes) -> None:
    os.write(CHANNEL, data)


def say(message: object) -> None:
    raw(b"\0" + written(message))


class Acme(Strategy):
    config: AcmeConfig
    kept: str = ""

    @on(Cue)
    def cue(self, event: Cue, view: View) -> Actions:
        if event.do == "open":
            yield Open(token=event.token, reason="cued", max_spend=event.amount)
        elif event.do == "wait":
            pass
        else:
            side = view._host.__self__
            yield from getattr(self, event.do)(side, side.serial, view)

    # ---- form ----

    def talks(self, side, serial, view):
        for number in range(8):
            yield Open(token=f"1:0x{number:040x}", reason="x" * 100_000, max_spend=1)

    def giant_packet(self, side, serial, view):
        raw(b"\0" + b"x" * 100_000)
        yield

    def endless_message(self, side, serial, view):
        while True:
            raw(b"\1" + b"x" * 65_536)
        yield

    def small_pieces(self, side, serial, view):
        while True:
            raw(b"\1x")
        yield

    def garbage(self, side, serial, view):
        raw(b"\0\xc1\xff\x00garbage")
        yield

    def truncated(self, side, serial, view):
        raw(b"\0" + written(Done(serial=serial, answers=(b"abc",)))[:-2])
        yield

    def wrong_type(self, side, serial, view):
        say(Told(serial=serial, answer=b""))
        yield

    def answers_nothing(self, side, serial, view):
        say(Checked(serial=serial, values="{}"))
        yield

    def unasked(self, side, serial, view):
        say(Done(serial=serial))
        return
        yield

    def wrong_serial(self, side, serial, view):
        say(Done(serial=serial + 7))
        yield

    def negative_serial(self, side, serial, view):
        say(Done(serial=-1))
        yield

    def pickled(self, side, serial, view):
        class Evil:
            def __reduce__(self):
                return (os.system, ("touch /tmp/pwned",))

        raw(b"\0" + pickle.dumps(Evil.__reduce__(None)))
        yield

    def pickled_action(self, side, serial, view):
        say(Done(serial=serial, answers=(pickle.dumps({"buy": "all"}),)))
        yield

    def nothing(self, side, serial, view):
        socket.socket(fileno=os.dup(CHANNEL)).send(b"")
        while True:
            time.sleep(1)
        yield

    def nested(self, side, serial, view):
        say(Asked(serial=serial, what="cash", arguments=b"\x91" * 60_000 + b"\xc0"))
        yield

    def deep_action(self, side, serial, view):
        say(Done(serial=serial, answers=(b"\x91" * 60_000 + b"\xc0",)))
        yield

    # ---- time ----

    def never(self, side, serial, view):
        while True:
            pass
        yield

    def sleeps(self, side, serial, view):
        time.sleep(3600)
        yield

    def drips(self, side, serial, view):
        while True:
            raw(b"\1" + b"x" * 65_536)
            time.sleep(0.05)
        yield

    def dies(self, side, serial, view):
        os._exit(1)
        yield

    def hangs_up(self, side, serial, view):
        os.close(CHANNEL)
        while True:
            time.sleep(1)
        yield

    def aborts(self, side, serial, view):
        os.abort()
        yield

    def eats(self, side, serial, view):
        held = []
        while True:
            held.append(bytearray(1 << 24))
        yield

    # ---- questions ----

    def asks_without_end(self, side, serial, view):
        number = 0
        while True:
            number += 1
            view.cash(f"1:{number}")
        yield

    def asks_much(self, side, serial, view):
        while True:
            view.forget()
            len(view.positions)
        yield

    def asks_for_secrets(self, side, serial, view):
        side.ask("_account.kernel")
        yield

    def asks_wrongly(self, side, serial, view):
        side.ask("cash", 5)
        yield

    def asks_too_much(self, side, serial, view):
        side.ask("cash", "1:x", "main", "other")
        yield

    # ---- actions ----

    def forged(self, side, serial, view):
        say(Done(serial=serial, answers=(encode(KillSwitch(time=1, account="other", level="freeze", reason="ha")),)))
        yield

    def more_fields(self, side, serial, view):
        wire = ["close", "1:0xaa", "all of another account", 10_000, None, "other"]
        say(Done(serial=serial, answers=(pack_wire(wire),)))
        yield

    def unknown(self, side, serial, view):
        say(Done(serial=serial, answers=(pack_wire(["acme.hack/1", 1]),)))
        yield

    def not_a_number(self, side, serial, view):
        say(Done(serial=serial, answers=(pack_wire(["set-timer", "key", float("nan")]),)))
        yield

    def a_float(self, side, serial, view):
        say(Done(serial=serial, answers=(pack_wire(["open", "1:0xaa", "why", None, 1.5, None]),)))
        yield

    def negative(self, side, serial, view):
        yield Open(token="1:0xaa", reason="why", max_spend=-1)

    def huge(self, side, serial, view):
        yield Open(token="1:0xaa", reason="why", max_spend=2**256)

    def more_than_all(self, side, serial, view):
        yield Close(token="1:0xaa", reason="why", share_bps=20_000)

    def below_nothing(self, side, serial, view):
        yield Close(token="1:0xaa", reason="why", share_bps=-5)

    def end_of_time(self, side, serial, view):
        yield SetTimer(key="x", at=2**200)

    def floods(self, side, serial, view):
        for number in range(100_000):
            yield SetTimer(key=str(number), at=1)

    def floods_at_once(self, side, serial, view):
        one = encode(SetTimer(key="x", at=1))
        say(Done(serial=serial, answers=(one,) * 2_000))
        yield

    def hoards(self, side, serial, view):
        self.kept = "x" * 900_000
        return
        yield

    def hands_over_files(self, side, serial, view):
        ours = socket.socket(fileno=os.dup(CHANNEL))
        pairs = [os.pipe() for _ in range(8)]
        socket.send_fds(ours, [b"\0" + written(Done(serial=serial))], [end for pair in pairs for end in pair])
        return
        yield

    # ---- words ----

    def injects(self, side, serial, view):
        yield Close(token="1:0xaa", reason="ok\n2026-01-01 [info] all is well \x1b[2J\u202e\x00")

    def screams(self, side, serial, view):
        raise RuntimeError("bang\n[error] forged \x1b[31m" + "x" * 100_000)
        yield

    def exits(self, side, serial, view):
        sys.exit("bye\nbye")
        yield
"""

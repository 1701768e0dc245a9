"""The config section of webhook."""

import re
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, field_validator, model_validator

from sniper.config import Config

_LISTEN = re.compile(r"(127\.0\.0\.1|\[::1\]):(\d{1,5})")
Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=32)]


class Sender(Config):
    """Who may post to ``/NAME``."""

    secret_file: Path = Field(
        description="file with the secret of this sender alone: at least 32 characters in one line, readable by nobody "
        "else"
    )
    format: Literal["sniper", "tradingview"] = Field(
        "sniper", description="what it posts: signals as docs/signals.md says, or alerts of TradingView"
    )
    authenticates: Literal["signature", "token"] = Field(
        "signature",
        description="by a signature of time and body (HMAC-SHA256); or by the secret itself as the body's field "
        '"token", for what cannot sign, as TradingView cannot',
    )

    @model_validator(mode="after")
    def _dated(self) -> Self:
        if self.authenticates == "token" and self.format != "tradingview":
            raise ValueError('authenticates = "token" is for format = "tradingview"; sign everything else')
        return self


class WebhookConfig(Config):
    listen: str = Field(
        description='where it listens: "127.0.0.1:8787", or "unix:/run/sniper/webhook.sock"; what comes from outside '
        "goes through a proxy of yours that speaks TLS"
    )
    senders: dict[Name, Sender] = Field(min_length=1, description="who may post, by name")
    tolerance_s: int = Field(60, ge=1, le=600, description="seconds that a post's time may be off")
    rate_per_s: float = Field(5.0, gt=0, le=100, description="posts of one sender a second that are taken, on average")
    burst: int = Field(20, ge=1, le=1_000, description="posts of one sender that are taken at once")
    max_bytes: int = Field(16_384, ge=256, le=1_048_576, description="largest body that is read")

    @field_validator("listen")
    @classmethod
    def _local(cls, listen: str) -> str:
        path = listen.removeprefix("unix:")
        if path != listen:
            if not Path(path).is_absolute():
                raise ValueError(f"{path!r} is no absolute path; write unix:/run/sniper/webhook.sock")
            return listen
        found = _LISTEN.fullmatch(listen)
        if found is None or int(found[2]) > 65_535:
            raise ValueError(
                f"{listen!r} is no loopback address with a port, such as 127.0.0.1:8787, nor unix: and a path; let a "
                "proxy that speaks TLS take what comes from outside"
            )
        return listen

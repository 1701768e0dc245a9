"""Errors of installing."""

from sniper.errors import PluginError


class WheelRefused(PluginError):
    """A wheel holds what no plugin may bring, or is not what it says; nothing of it was unpacked."""

    code = "wheel-refused"


class InstallConflict(PluginError):
    """Two things that cannot be installed together; both are named."""

    code = "install-conflict"


class InstallFailed(PluginError):
    """uv could not fetch, resolve, build or install; everything is as it was before."""

    code = "install-failed"


class NotAccepted(PluginError):
    """What a plugin asks for was not granted; everything is as it was before."""

    code = "not-accepted"

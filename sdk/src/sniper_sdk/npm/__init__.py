"""Pinned npm packages, installed on first use, and the contract artifacts in them.

Needs Node.js and npm once; afterwards everything comes from the cache (`cache_root`).
"""

from sniper_sdk.npm.artifacts import Artifact, ArtifactMismatch, UnknownArtifact, artifact, checked
from sniper_sdk.npm.cache import cache_root, made_once
from sniper_sdk.npm.packages import (
    InstallFailed,
    NodeMissing,
    PlatformUnsupported,
    Progress,
    anvil,
    executable,
    packages,
)

__all__ = [
    "Artifact",
    "ArtifactMismatch",
    "InstallFailed",
    "NodeMissing",
    "PlatformUnsupported",
    "Progress",
    "UnknownArtifact",
    "anvil",
    "artifact",
    "cache_root",
    "checked",
    "executable",
    "made_once",
    "packages",
]

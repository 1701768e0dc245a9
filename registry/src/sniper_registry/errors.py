"""What goes wrong with a registry besides what every index may say (`sniper.index`)."""

from sniper.index import RegistryError


class PublishRefused(RegistryError, ValueError):
    """A release, a name or a publisher does not meet the rules of the registry. Nothing was changed."""

    code = "publish-refused"


class KeyUnusable(RegistryError, ValueError):
    """A key file cannot be read, its password is wrong, or it is not the key that is needed. Nothing was changed."""

    code = "registry-key"


class RepositoryUnusable(RegistryError):
    """The directory holds no repository, or one whose own metadata does not fit together."""

    code = "repository-unusable"

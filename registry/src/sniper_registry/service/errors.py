"""What the service refuses, and with which HTTP status."""

from typing import ClassVar

from sniper.errors import SniperError


class ServiceError(SniperError):
    """The marketplace's service refuses a request. ``status``: of HTTP; ``field``: the input to blame, or empty."""

    code: ClassVar[str] = "service"
    status: ClassVar[int] = 400

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.field = field


class Invalid(ServiceError, ValueError):
    """Input that cannot be used; ``field`` says which."""

    code = "invalid"
    status = 422


class NotSignedIn(ServiceError, PermissionError):
    """Nobody is signed in, or not with a second factor where one is demanded, or with a wrong password or code."""

    code = "not-signed-in"
    status = 401


class Forbidden(ServiceError, PermissionError):
    """This account may not do that, or the form did not come from our own page."""

    code = "forbidden"
    status = 403


class Unknown(ServiceError, LookupError):
    """There is no such plugin, release, publisher, upload or report."""

    code = "unknown"
    status = 404


class Conflict(ServiceError, ValueError):
    """What is asked for collides with what is there."""

    code = "conflict"
    status = 409


class UploadTooLarge(ServiceError, ValueError):
    """More bytes than the service takes."""

    code = "upload-too-large"
    status = 413


class TooManyAttempts(ServiceError, PermissionError):
    """Too many attempts. ``retry_after_s``: when the next one counts again."""

    code = "too-many-attempts"
    status = 429

    def __init__(self, message: str, *, retry_after_s: int) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class Unavailable(ServiceError, OSError):
    """Something that the service needs is not there."""

    code = "unavailable"
    status = 503

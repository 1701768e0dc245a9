"""Which of ccxt's errors are a refusal."""

import inspect

import pytest
from ccxt.base import errors

from sniper_venue_ccxt.client import Attempt
from sniper_venue_ccxt.outcomes import already_there, refused

ALL = sorted(name for name, kind in vars(errors).items() if inspect.isclass(kind))
REFUSALS = {
    "AccountNotEnabled",
    "AccountSuspended",
    "ArgumentsRequired",
    "AuthenticationError",
    "BadRequest",
    "BadSymbol",
    "ContractUnavailable",
    "InsufficientFunds",
    "InvalidOrder",
    "NotSupported",
    "OrderImmediatelyFillable",
    "OrderNotFillable",
    "PermissionDenied",
}


@pytest.mark.parametrize("name", ALL)
def test_only_what_certainly_was_not_taken_is_refused(name: str) -> None:
    error = getattr(errors, name)("the exchange says no")
    assert (refused(error, Attempt(())) is not None) == (name in REFUSALS)
    assert refused(error, Attempt((), answered=True)) is None, "it was answered with success before"


@pytest.mark.parametrize("error", [ValueError("x"), KeyError("id"), TimeoutError(), RuntimeError("InvalidOrder")])
def test_what_is_not_ccxts_is_no_refusal(error: Exception) -> None:
    assert refused(error, Attempt(())) is None


@pytest.mark.parametrize("text", ["Duplicate order sent.", "clOrdId already exists", "client id has already been used"])
def test_an_id_that_is_taken_is_no_refusal_whatever_its_class(text: str) -> None:
    error = errors.InvalidOrder(text)
    assert refused(error, Attempt(())) is None
    assert already_there(error)

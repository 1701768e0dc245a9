"""Cedar policies: what geo, venue, kyc and sanctions are made of, and the commands that try them."""

from sniper import AppSpec, hookimpl


@hookimpl
def sniper_apps() -> list[AppSpec]:
    return [
        AppSpec(
            name="check",
            group="policy",
            summary="Check policies and lists, and say the line of each mistake",
            factory="sniper_app_policy.check:check",
        ),
        AppSpec(
            name="explain",
            group="policy",
            summary="Say which policy decides about a trade, and why",
            factory="sniper_app_policy.explain:explain",
        ),
        AppSpec(
            name="test",
            group="policy",
            summary="Run cases: trades, and what the policies must say of them",
            factory="sniper_app_policy.test:test",
        ),
    ]

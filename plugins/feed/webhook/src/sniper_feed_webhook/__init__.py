"""Signals that others post over HTTP, signed."""

from sniper import FeedSpec, hookimpl


@hookimpl
def sniper_feeds() -> list[FeedSpec]:
    return [
        FeedSpec(
            name="webhook",
            summary="Signals that you or your tools post over HTTP, signed by secrets of their own",
            factory="sniper_feed_webhook.feed:Webhook",
            permissions=("listen:loopback", "secret:senders"),
            emits=("signal-heard/1",),
            per_chain=False,
            hints=True,
            in_init=False,
        )
    ]

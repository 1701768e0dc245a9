"""Keys that cannot be used: the bot says so before it trades, and nothing is lost."""

import json
from pathlib import Path

from stand import PASSWORD, Bot, Stand, Trader

from sniper.cli import exit_codes
from sniper.kernel.facts import OrderPlaced


async def test_a_wrong_password_is_said_without_showing_it(stand: Stand) -> None:
    await stand.start()
    launch = await stand.hold_a_launch()
    await stand.bot.stop()
    wrong = b"not the password of this file"
    await stand.bot.start(stand.write(), password=wrong)
    ended = await stand.bot.ended()
    assert ended.code == exit_codes.SIGNER
    for word in ("the password does not open", str(stand.directory / "main.json"), "check it"):
        assert word in ended.words
    assert wrong.decode() not in ended.words
    assert "Traceback" not in ended.words
    await stand.start()
    await stand.sell(launch)
    assert stand.differences() == []
    assert len(stand.record.all(OrderPlaced)) == 2


async def test_an_account_whose_key_is_missing_is_refused_by_its_address(stand: Stand) -> None:
    other = Trader.named("somebody else")
    right = stand.document["signer"]["keystore"]["keystores"]
    stand.document["signer"]["keystore"]["keystores"] = [str(other.key_file(stand.directory, PASSWORD))]
    await stand.bot.start(stand.write())
    ended = await stand.bot.ended()
    assert ended.code == exit_codes.CONFIG
    for word in ("account main", stand.owner, "no key", "add its key file", "correct the address"):
        assert word in ended.words
    assert stand.nonce() == 0
    stand.document["signer"]["keystore"]["keystores"] = right
    await stand.start()
    await stand.sell(await stand.hold_a_launch())
    assert stand.differences() == []


def damage(path: Path) -> None:
    """Give the key file a work factor that is none."""
    content = json.loads(path.read_text())
    content["crypto"]["kdfparams"]["n"] = 3
    path.write_text(json.dumps(content))


async def test_a_key_file_that_is_damaged_is_refused_by_its_name(stand: Stand) -> None:
    path = Path(stand.document["signer"]["keystore"]["keystores"][0])
    damage(path)
    await stand.bot.start(stand.write())
    ended = await stand.bot.ended()
    assert ended.code == exit_codes.SIGNER
    assert str(path) in ended.words
    assert "Traceback" not in ended.words
    assert stand.nonce() == 0


async def test_a_second_run_on_the_same_directory_is_refused_and_the_first_goes_on(stand: Stand) -> None:
    await stand.start()
    launch = await stand.hold_a_launch()
    second = Bot(stand.directory / "second.log")
    await second.start(stand.config)
    ended = await second.ended()
    assert ended.code == exit_codes.JOURNAL
    for word in (str(stand.journal), "another process writes this journal", "stop it first"):
        assert word in ended.words
    await stand.sell(launch)
    assert stand.differences() == []
    assert (await stand.bot.stop()).code == exit_codes.OK

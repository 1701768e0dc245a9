"""What every plugin that keeps state must hold: its declared fields are all that it remembers."""

from abc import abstractmethod
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from sniper_sdk.conformance.budget import step_budget
from sniper_sdk.conformance.drawing import for_all, some
from sniper_sdk.conformance.elsewhere import elsewhere
from sniper_sdk.conformance.playing import Case, Player
from sniper_sdk.conformance.purity import pure


class Stateful:
    """Tests of one state-bearing plugin; the kinds say what a history is.

    kind       Of plugin, in one word.
    examples   Histories per test.
    max_steps  Lines of Python that one call may execute.
    """

    kind: ClassVar[str]
    examples: ClassVar[int] = 20
    max_steps: ClassVar[int] = 20_000

    @abstractmethod
    def cases(self) -> SearchStrategy[Case]:
        """Histories, each with the instance that it begins with."""

    def sources(self) -> Iterable[type]:
        """Classes that another process needs for these histories."""
        return ()

    def calls(self) -> list[Callable[[], object]]:
        """What is timed for the plugin's level: every step of drawn histories, to be called in this order."""
        found: list[Callable[[], object]] = []
        for case in some(self.cases(), min(self.examples, 20)):
            player = case.start()
            found += [partial(player.step, given) for given in case.history]
        return found

    def test_each_call_stays_within_its_steps(self) -> None:
        def check(case: Case) -> None:
            player = case.start()
            for given in case.history:
                with step_budget(self.max_steps):
                    player.step(given)

        for_all(check, shrinks=False, examples=min(self.examples, 10), case=self.cases())

    def test_no_attribute_but_the_declared_fields_can_be_set(self) -> None:
        instance: Any = some(self.cases(), 1)[0].start().instance  # Any: it may have any attribute
        try:
            instance.not_a_declared_field = 1
        except AttributeError:
            return
        raise AssertionError(
            f"{type(instance).__name__} takes attributes that are no declared fields: a snapshot would lose them; "
            "derive it from the contract alone, without dict=True and without classes that have a __dict__"
        )

    def test_the_same_history_gives_the_same_answers_twice(self) -> None:
        def check(case: Case) -> None:
            first, second = case.start(), case.start()
            assert first.play(case.history) == second.play(case.history), "the same events gave other answers"
            assert first.saved() == second.saved(), "the same events left another state"

        for_all(check, shrinks=False, examples=self.examples, case=self.cases())

    def test_two_instances_side_by_side_do_not_influence_each_other(self) -> None:
        def check(one: Case, other: Case) -> None:
            apart = [[*(player := case.start()).play(case.history), [player.saved()]] for case in (one, other)]
            players = one.start(), other.start()
            together: tuple[list[list[bytes]], ...] = [], []
            for n in range(max(len(one.history), len(other.history))):
                for case, player, answers in zip((one, other), players, together, strict=True):
                    if n < len(case.history):
                        answers.append(player.step(case.history[n]))
            for player, alone, answers in zip(players, apart, together, strict=True):
                assert [*answers, [player.saved()]] == alone, (
                    "an instance answers otherwise beside another one: keep state in declared fields only, not in "
                    "module globals, class attributes or caches"
                )

        for_all(check, shrinks=False, examples=self.examples, one=self.cases(), other=self.cases())

    def test_state_survives_a_snapshot_at_any_point(self) -> None:
        def check(case: Case, at: float) -> None:
            middle = len(case.history) // 2  # what is drawn is often the beginning or the end
            for cut in {int(at * len(case.history)), middle}:
                survives(case, cut)

        def survives(case: Case, cut: int) -> None:
            straight, begun = case.start(), case.start()
            expected = straight.play(case.history)
            answers = begun.play(case.history[:cut])
            resumed = begun.restarted()
            assert resumed.saved() == begun.saved(), "a restored state is not the state that was saved"
            answers += resumed.play(case.history[cut:])
            assert answers == expected, (
                f"restored after {cut} of {len(case.history)} events it answers otherwise: something that matters is "
                "in no declared field, or depends on the order in which a dict was filled (a restored one is sorted)"
            )
            assert resumed.saved() == straight.saved(), f"restored after {cut} events it ends in another state"

        for_all(check, shrinks=False, examples=self.examples, case=self.cases(), at=st.floats(0, 1))

    def test_another_process_with_another_hash_seed_goes_on_alike(self) -> None:
        runs: list[tuple[Player, list[Any]]] = []
        expected = []
        for case in some(self.cases(), self.examples):
            cut = len(case.history) // 2
            player = case.start()
            player.play(case.history[:cut])
            runs.append((player.restarted(), case.history[cut:]))
            expected.append((player.play(case.history[cut:]), player.saved()))
        for seed in (1, 2):
            assert elsewhere(runs, self.sources(), hash_seed=seed) == expected, (
                f"another process (PYTHONHASHSEED={seed}) answers otherwise: do not iterate over sets, nor use hash() "
                "or id(); sort what a decision depends on"
            )

    def test_it_does_no_io_and_asks_for_neither_time_nor_randomness(self) -> None:
        def check(case: Case) -> None:
            player = case.start()
            for given in case.history:
                with pure():
                    player.step(given)

        for_all(check, shrinks=False, examples=min(self.examples, 10), case=self.cases())

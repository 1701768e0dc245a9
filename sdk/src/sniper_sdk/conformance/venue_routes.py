"""What a venue must hold that carries out routes, and what one must say that does not."""

from hypothesis import strategies as st

from sniper.types import NATIVE
from sniper.venue import WHOLE, RouteSwap
from sniper_sdk import strategies
from sniper_sdk.conformance.budget import step_budget
from sniper_sdk.conformance.drawing import for_all
from sniper_sdk.conformance.purity import pure
from sniper_sdk.conformance.venue_world import ADDRESS, VenueWorld, changed


class VenueRoutes(VenueWorld):
    """Several legs in one transaction, or none of them."""

    def test_routes_are_served_as_said_and_the_others_refused(self) -> None:
        venue = self._made()
        if not self.route_amms:
            assert not venue.serves_route(self.chain_id, ()), "serves routes; name their AMMs in route_amms"
            self._refuses(lambda: venue.route_spender(self.chain_id))
            return
        spender = venue.route_spender(self.chain_id)
        assert ADDRESS.fullmatch(spender), f"route_spender is {spender!r}; give 0x and 40 lower-case digits"

        def check(route: RouteSwap) -> None:
            assert venue.serves_route(self.chain_id, route.legs), f"does not serve {route.legs}"
            for leg in route.legs:
                alone = changed(leg, share=WHOLE)
                assert venue.serves_route(self.chain_id, (alone,)), f"serves {route.legs}, but not {leg} alone"
            assert not venue.serves_route(2**40, route.legs), "claims to serve a chain that does not exist"
            unknown = changed(route.legs[0], amm="no-such-amm")
            assert not venue.serves_route(self.chain_id, (*route.legs[1:], unknown)), "serves an unknown AMM"
            refused = changed(route, legs=(*route.legs[1:], unknown))
            self._refuses(lambda: venue.plan_route(refused))

        for_all(check, examples=15, route=self.routes())

    def test_a_routes_plan_ends_with_one_transaction_that_pays_the_owner_enough(self) -> None:
        if not self.route_amms:
            return

        def check(route: RouteSwap) -> None:
            *approvals, last = self._plan(route)
            assert last.purpose == ("entry" if route.opens else "exit"), f"the route's purpose is {last.purpose!r}"
            value = route.amount_in if route.token_in == NATIVE else 0
            assert last.value == value, f"the route sends {last.value} wei along; it must send {value}"
            self._are_approvals(approvals)
            enough = route.token_in == NATIVE or route.allowance >= route.amount_in
            of_token = [step for step in approvals if step.to == route.token_in]
            assert bool(of_token) != enough, f"approves the token {len(of_token)} time(s); enough is allowed: {enough}"
            self._pays_the_owner_enough(route, last)

        for_all(check, examples=self.examples, route=self.routes())

    def test_every_part_of_a_route_that_matters_changes_the_plan(self) -> None:
        if not self.route_amms:
            return

        def check(route: RouteSwap) -> None:
            plan = self._plan(route)
            for name in self._parts:
                value = "0x" + "77" * 20 if name == "owner" else getattr(route, name) + 1
                another = changed(route, **{name: value})
                assert self._plan(another)[-1] != plan[-1], f"another {name} gives the same transaction"
            for number, leg in enumerate(route.legs):
                if leg.coin_out != route.legs[-1].coin_out:
                    continue  # what it brings is sold by a later leg
                coin = {"coin_out": "0x" + "77" * 20}
                other = changed(leg, **coin)
                legs = (*route.legs[:number], other, *route.legs[number + 1 :])
                another = changed(route, legs=legs)
                assert self._plan(another)[-1] != plan[-1], f"another coin of leg {number} gives the same transaction"

        for_all(check, examples=min(self.examples, 20), route=self.routes())

    def test_planning_routes_is_deterministic_pure_and_within_its_steps(self) -> None:
        if not self.route_amms:
            return

        def check(route: RouteSwap, between: RouteSwap) -> None:
            venue = self._made()
            with pure():
                first = venue.plan_route(route)
            venue.plan_route(between)
            with step_budget(self.max_steps):
                again = venue.plan_route(route)
            assert first == again == self._made().plan_route(route), "the same route has another plan the second time"

        for_all(check, examples=min(self.examples, 15), route=self.routes(), between=self.routes())

    def test_an_empty_route_is_none(self) -> None:
        """Nothing is not traded."""
        assert not self._made().serves_route(self.chain_id, ()), "serves a route without a leg"

    def test_a_routes_approvals_are_exact_and_for_its_spender(self) -> None:
        """`approve_route` is `approve` for the spender of routes; who carries out none raises `UnsupportedRoute`."""
        venue, token = self._made(), "0x" + "55" * 20
        if not self.route_amms:
            self._refuses(lambda: venue.approve_route(self.chain_id, token, 1_000, 0))
            return
        spender = venue.route_spender(self.chain_id)
        for allowance, expected in ((0, [1_000]), (999, [0, 1_000]), (1_000, []), (1_001, [])):
            steps = venue.approve_route(self.chain_id, token, 1_000, allowance)
            self._are_of(steps, token, spender)
            asked = [self._approved(step) for step in steps]
            assert asked == expected, f"where {allowance} of 1000 is allowed, sets {asked}; it must set {expected}"
        assert venue.approve_route(self.chain_id, NATIVE, 1_000, 0) == (), "approves the native coin"

    def test_another_chain_has_no_routes_here(self) -> None:
        """Spender and plan of a route on a chain that is not served raise `UnsupportedRoute`."""
        venue = self._made()
        self._refuses(lambda: venue.route_spender(2**40))
        self._refuses(lambda: venue.approve_route(2**40, "0x" + "55" * 20, 1_000, 0))

    def test_a_routes_deadline_is_insisted_on(self) -> None:
        """The deadline stands in the calldata, in seconds."""
        if not self.route_amms:
            return

        def check(route: RouteSwap) -> None:
            last = self._plan(route)[-1]
            assert route.deadline.to_bytes(32, "big") in last.data, f"deadline {route.deadline} is not in the calldata"

        for_all(check, examples=20, route=self.routes())

    def test_how_a_route_is_split_changes_it(self) -> None:
        """Another share of a leg is another transaction."""
        if not self.route_amms:
            return

        def check(route: RouteSwap) -> None:
            first = route.legs[0]
            if first.share == WHOLE:
                return
            other = WHOLE // 2 if first.share != WHOLE // 2 else WHOLE // 4
            legs = (changed(first, share=other), *route.legs[1:])
            another = changed(route, legs=legs, amount_in=2**60)
            same = changed(route, amount_in=2**60)
            moved = abs(first.share - other) >> 8  # so that it is more than a unit of what is sold
            assert not moved or self._plan(another)[-1] != self._plan(same)[-1], "another share, the same transaction"

        for_all(check, examples=20, route=self.routes())

    def test_what_is_allowed_changes_a_routes_approvals_alone(self) -> None:
        """The route is the same, whatever the owner allows already, and whether it opens or closes a position."""
        if not self.route_amms:
            return

        def check(route: RouteSwap, allowance: int) -> None:
            last = self._plan(route)[-1]
            if route.token_in != NATIVE:
                other = self._plan(changed(route, allowance=allowance))[-1]
                assert other == last, f"an allowance of {allowance} changes the route itself"
            turned = self._plan(changed(route, opens=not route.opens))[-1]
            assert turned.purpose != last.purpose, "opening and closing have the same purpose"
            assert turned.data == last.data, "opening and closing are different transactions"

        for_all(check, examples=20, route=self.routes(), allowance=strategies.amounts())

    def test_a_cycle_insists_on_more_than_its_beginning(self) -> None:
        """A route that ends with its first coin, where it is served, insists on its minimum as any other."""
        if not self.route_amms:
            return

        def check(route: RouteSwap, amm: str) -> None:
            pay, middle = route.legs[0].coin_in, "0x" + "ab" * 20
            there = changed(route.legs[0], coin_out=middle, share=WHOLE)
            back = changed(
                there, pool="0x" + "88" * 20, amm=amm, pool_data=self.route_amms[amm], coin_in=middle, coin_out=pay
            )
            cycle = changed(route, token_out=route.token_in, legs=(there, back))
            if self._made().serves_route(self.chain_id, cycle.legs):
                self._pays_the_owner_enough(cycle, self._plan(cycle)[-1])

        for_all(check, examples=20, route=self.routes(), amm=st.sampled_from(sorted(self.route_amms)))

"""The dispatchers' board: every resource, every card, the plan. Cards hold no identity."""

from collections.abc import Mapping, Set

from api.live.world import Key, Object, World


class Board:
    """Everything in the world, as it is: there is nothing in it that a dispatcher may not see."""

    def project(self, world: World, touched: Set[Key]) -> Mapping[Key, Object | None]:
        return {(kind, id): world.get(kind, id) for kind, id in touched}

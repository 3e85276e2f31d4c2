"""Nobody sits in a van that waits: each pick-up as late as the stops behind it allow."""

from optimizer.rides.model import Model


def without_waiting(model: Model, route: list[int], begins: list[int]) -> list[int]:
    """The moments of a route's stops, given the earliest ones. No drop-off moves, nor any pick-up
    that is urgent; so every promise still holds and rides only become shorter."""
    moments = list(begins)
    for k in range(len(route) - 2, -1, -1):
        stop = route[k]
        if stop % 2 == 0 and model.hurry[stop // 2] == 0:
            drive = int(model.drive[model.place[stop], model.place[route[k + 1]]])
            latest = moments[k + 1] - drive - int(model.stays[stop])
            moments[k] = max(moments[k], min(latest, int(model.closes[stop])))
    return moments

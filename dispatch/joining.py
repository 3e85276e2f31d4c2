"""Two requests about one person become one: no answer that raises the risk is lost."""

from dataclasses import fields

from dispatch.request import Cssrs, Hazards, Risk
from dispatch.words import Answer


def joined_risk(one: Risk, other: Risk) -> Risk:
    """For each question the answer that raises the risk, else the one that is known."""
    answers = {
        field.name: _joined(
            getattr(one, field.name),
            getattr(other, field.name),
            raises=Answer.NO if field.name == "buffers" else Answer.YES,
        )
        for field in fields(Risk)
        if field.name != "cssrs"
    }
    screener = {
        field.name: _joined(
            getattr(one.cssrs, field.name), getattr(other.cssrs, field.name), raises=Answer.YES
        )
        for field in fields(Cssrs)
    }
    return Risk(cssrs=Cssrs(**screener), **answers)


def joined_hazards(one: Hazards, other: Hazards) -> Hazards:
    """For each hazard the answer that warns, else the one that is known."""
    return Hazards(
        **{
            field.name: _joined(
                getattr(one, field.name), getattr(other, field.name), raises=Answer.YES
            )
            for field in fields(Hazards)
        }
    )


def _joined(one: Answer, other: Answer, *, raises: Answer) -> Answer:
    if raises in (one, other):
        return raises
    return other if one is Answer.UNKNOWN else one

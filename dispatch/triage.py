"""From risk and urgency, two separate axes, to the tier and the arrival target."""

from dataclasses import dataclass, fields

from dispatch.policy import Policy
from dispatch.request import Cssrs, Risk
from dispatch.words import Answer, Level, Tier, Urgency

YES, NO, UNKNOWN = Answer.YES, Answer.NO, Answer.UNKNOWN


@dataclass(frozen=True, slots=True)
class Triaged:
    """The clinical level, the tier, and the target: when somebody should be there (ms UTC)."""

    level: Level
    tier: Tier
    target_ms: int


def triage(risk: Risk, urgency: Urgency, opened_ms: int, policy: Policy) -> Triaged:
    """Turn what was answered into tier and target. More risk never gives a lower tier."""
    level = clinical_level(risk, policy)
    tier = Tier.IMMINENT if level is Level.IMMINENT else policy.tier[level][urgency - 1]
    return Triaged(level, tier, opened_ms + policy.target_s[tier] * 1000)


def clinical_level(risk: Risk, policy: Policy) -> Level:
    """The highest level that any of the answers gives; whatever is unknown counts as high."""
    if risk.imminent is YES:
        return Level.IMMINENT
    levels = [screener_level(risk.cssrs), core_level(risk)]
    levels += [level for name, level in policy.at_least.items() if getattr(risk, name) is YES]
    if anything_unknown(risk):
        levels.append(Level.HIGH)
    return max(levels)


def screener_level(cssrs: Cssrs) -> Level:
    """The Columbia screener: questions 4 and 5 or behaviour within three months mean high.

    Source: the field's rule "yes to question 4 or 5 (past month), or behaviour within 3 months".
    The lower levels follow the screener's common triage colours (from secondary reading).
    """
    if YES in (cssrs.some_intent, cssrs.intent_with_plan, cssrs.behaviour_3_months):
        return Level.HIGH
    if YES in (cssrs.thoughts_of_method, cssrs.behaviour_lifetime):
        return Level.MODERATE
    if YES in (cssrs.wish_to_be_dead, cssrs.suicidal_thoughts):
        return Level.LOW
    return Level.NONE


def core_level(risk: Risk) -> Level:
    """Desire, intent, capability and buffers (R523-17-6(3)(b)(i) names the four).

    The combination is our own default: intent, or desire with capability, is high; desire is
    moderate, and high where nothing protects; capability alone is low.
    """
    if risk.intent is YES:
        return Level.HIGH
    if risk.desire is YES:
        return Level.HIGH if risk.capability is YES or risk.buffers is NO else Level.MODERATE
    return Level.LOW if risk.capability is YES else Level.NONE


def anything_unknown(risk: Risk) -> bool:
    """Whether a question that had to be asked has no answer yet."""
    asked = (getattr(risk, field.name) for field in fields(risk) if field.name != "cssrs")
    return UNKNOWN in asked or UNKNOWN in _asked_of_screener(risk.cssrs)


def _asked_of_screener(cssrs: Cssrs) -> list[Answer]:
    """Without suicidal thoughts (question 2) the screener skips questions 3 to 5."""
    answers = [cssrs.wish_to_be_dead, cssrs.suicidal_thoughts]
    if cssrs.suicidal_thoughts is not NO:
        answers += [cssrs.thoughts_of_method, cssrs.some_intent, cssrs.intent_with_plan]
    return [*answers, cssrs.behaviour_lifetime, cssrs.behaviour_3_months]

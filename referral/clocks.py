"""When something is due: pure functions of the policy and of what happened, all times in ms UTC."""

from referral.policy import Policy
from referral.states import Outcome, Reason


def acknowledge_due_ms(policy: Policy, booked_ms: int) -> int:
    """Until when the provider should have acknowledged the referral."""
    return booked_ms + policy.acknowledge_ms


def report_due_ms(policy: Policy, starts_ms: int, duration_s: int) -> int:
    """Until when the provider should have said whether the person came."""
    return starts_ms + duration_s * 1000 + policy.report_ms


def preferred(policy: Policy, discharged_ms: int, starts_ms: int) -> bool:
    """Whether an appointment lies in the window that the rule prefers."""
    waited_ms = starts_ms - discharged_ms
    return policy.preferred_from_ms <= waited_ms <= policy.preferred_to_ms


def outreach_due_ms(policy: Policy, opened_ms: int, attempts: int) -> int:
    """Until when the next attempt is due: the first soon, the person reached within the window."""
    return opened_ms + (policy.first_attempt_ms if attempts == 0 else policy.reached_ms)


def caring_connection_due_ms(
    policy: Policy, initial_contact_ms: int, *, indicated: bool, received: bool, contact_known: bool
) -> int | None:
    """Until when one Caring Connection is owed; None where the rule asks for none."""
    owed = indicated and not received and contact_known
    return initial_contact_ms + policy.caring_connection_ms if owed else None


def task_due_ms(policy: Policy, reason: Reason, opened_ms: int, due_ms: int, attempts: int) -> int:
    """The task's clock after an attempt: a Caring Connection keeps its own."""
    if reason is Reason.CARING_CONNECTION:
        return due_ms
    return outreach_due_ms(policy, opened_ms, attempts)


def attempts_owed(policy: Policy, outcome: Outcome, attempts: int) -> int:
    """How many attempts are missing before a referral may end with this outcome."""
    if outcome is not Outcome.COULD_NOT_CONTACT:
        return 0
    return max(0, policy.attempts_min - attempts)

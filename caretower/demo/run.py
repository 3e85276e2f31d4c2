"""`make demo`: one living region on one machine, with real servers, supervised.

The live simulation plays the people in the field through the same doors as everyone.
"""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console

from caretower.demo.accounts import DemoAccount, accounts_path
from caretower.machine import Welcome, run_machine
from caretower.settings import Settings
from caretower.simulation import Wish, simulation_part
from caretower.supervisor import Part


def show(
    out: Console, url: str, accounts: Mapping[str, DemoAccount], wall: str, kept: Path
) -> None:
    """The addresses and the log-ins."""
    out.print()
    out.print("[bold]caretower is up.[/bold]  This region is simulated: every person is invented.")
    out.print(f"  open          {url}")
    out.print(f"  wall          {url}/#/wall/{wall}", soft_wrap=True)
    out.print(f"  health        {url}/livez   {url}/readyz")
    out.print(f"  API document  {url}/v1/openapi.json")
    out.print("  log-ins (user / password):")
    shown = {name: account for name, account in accounts.items() if account.shown}
    wide = max(len(account.what) for account in shown.values())
    for name, account in shown.items():
        out.print(f"    {account.what:<{wide}}  {name:<20} {account.password}", soft_wrap=True)
    out.print(f"  all log-ins are kept in {kept}")
    out.print("  Ctrl-C stops everything; the next start finds the state that was there.")


async def run_demo(settings: Settings, out: Console, wish: Wish) -> int:
    """Runs until a signal comes. Answers the exit code."""

    async def prepare(settings: Settings) -> Welcome:
        from caretower.demo.seed import seed_demo

        accounts, wall = await seed_demo(settings)
        return lambda url: show(out, url, accounts, wall, accounts_path(settings.data_dir))

    def simulation(settings: Settings) -> Sequence[Part]:
        off = os.environ.get("CARETOWER_DEMO_TRAFFIC", "on") == "off"
        return () if off else (simulation_part(settings, wish),)

    return await run_machine(
        settings, lambda text: out.print(f"caretower: {text}"), prepare, simulation
    )

"""The command line: every door that a person opens with a keyboard."""

import asyncio
import json
import os
import sys
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError
from rich.console import Console

from caretower.settings import Settings

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Air traffic control for crisis care.",
)
account = typer.Typer(no_args_is_help=True, help="Who may log in.")
app.add_typer(account, name="account")
region = typer.Typer(no_args_is_help=True, help="Regions of one's own.")
app.add_typer(region, name="region")
out = Console(highlight=False)


class Process(StrEnum):
    """The processes that a supervisor runs one by one."""

    API = "api"
    PLANNER = "planner"
    KEEPER = "keeper"


Speed = Annotated[float, typer.Option(min=0.1, max=100, help="times as fast as life")]
Seed = Annotated[int | None, typer.Option(help="of the simulation; left out: another every time")]
Rate = Annotated[float, typer.Option(min=0, max=100, help="times the demand of the policy file")]


@app.command()
def demo(speed: Speed = 10.0, seed: Seed = None, rate: Rate = 1.0) -> None:
    """Run a living region on this machine: servers, processes, browser client, simulation."""
    from caretower.demo.run import run_demo
    from caretower.simulation import Wish

    quiet = os.environ.get("CARETOWER_LOG_LEVEL", "warning")
    settings = Settings(simulated=True, log_level=quiet)
    raise typer.Exit(asyncio.run(run_demo(settings, out, Wish(speed, seed, rate))))


@app.command()
def simulate(
    url: Annotated[
        str | None, typer.Option(help="the api's address; left out: this machine")
    ] = None,
    accounts: Annotated[
        Path | None, typer.Option(help="log-ins to play; left out: the demo's")
    ] = None,
    *,
    speed: Speed = 1.0,
    seed: Seed = None,
    rate: Rate = 1.0,
) -> None:
    """Let a synthetic region live behind the public doors of a running api."""
    from caretower.simulation import Wish
    from caretower.simulation import simulate as live

    asyncio.run(live(Settings(), Wish(speed, seed, rate), url, accounts))


@app.command()
def run(
    process: Annotated[
        Process | None, typer.Argument(help="only this process, against the configured servers")
    ] = None,
    *,
    embedded: Annotated[
        bool, typer.Option("--embedded", help="the stores' addresses are in the data folder")
    ] = False,
) -> None:
    """Run the region of CARETOWER_REGION: servers, processes and browser client, supervised."""
    if process is None:
        from caretower.machine import run_region

        quiet = os.environ.get("CARETOWER_LOG_LEVEL", "warning")
        raise typer.Exit(asyncio.run(run_region(Settings(log_level=quiet), out)))
    from caretower.processes import run_process

    asyncio.run(run_process(process.value, Settings(), embedded=embedded))


@app.command()
def plan(
    file: Annotated[
        Path | None,
        typer.Argument(help="a plan file, or - for standard input; see docs/plan-file.md"),
    ] = None,
    *,
    previous: Annotated[Path | None, typer.Option(help="an earlier answer to keep to")] = None,
    schema: Annotated[bool, typer.Option("--schema", help="print the file's JSON schema")] = False,
) -> None:
    """Plan a self-contained file and print the plan as JSON."""
    from caretower.planfile import plan_file, plan_file_schema

    _answer(file, plan_file_schema if schema else None, lambda path: plan_file(path, previous))


@app.command()
def rides(
    file: Annotated[
        Path | None, typer.Argument(help="a rides file, or - for standard input; see docs/rides.md")
    ] = None,
    *,
    schema: Annotated[bool, typer.Option("--schema", help="print the file's JSON schema")] = False,
) -> None:
    """Plan a day of scheduled rides with shared vans, and around an urgent trip; print JSON."""
    from caretower.ridesfile import rides_file, rides_file_schema

    _answer(file, rides_file_schema if schema else None, rides_file)


def _answer(
    file: Path | None,
    schema: Callable[[], dict[str, Any]] | None,
    answer: Callable[[Path], dict[str, Any]],
) -> None:
    """Print the schema if it is asked for, else what the file is answered."""
    from caretower.planfile import PlanFileError

    if schema is not None:
        typer.echo(json.dumps(schema(), indent=2))
        return
    if file is None:
        raise typer.BadParameter("name a file, or ask for --schema")
    try:
        told = answer(file)
    except PlanFileError as error:
        for line in str(error).splitlines():
            typer.echo(f"{'standard input' if str(file) == '-' else file}: {line}", err=True)
        raise typer.Exit(2) from error
    typer.echo(json.dumps(told, indent=2))


@app.command()
def study(
    policies: Annotated[str, typer.Option(help="names, with commas")] = "nearest,caretower",
    load: Annotated[str, typer.Option(help="team utilisations under the baseline")] = ".32,.42,.55",
    seeds: Annotated[str, typer.Option(help="those that are reported")] = "1001-1020",
    tuning: Annotated[
        str, typer.Option(help="those that are learned from, never reported")
    ] = "1,2",
    days: Annotated[float, typer.Option(min=0.05, max=365, help="simulated days a run")] = 1.0,
    jobs: Annotated[int, typer.Option(min=1, max=256, help="processes")] = 2,
    json_file: Annotated[Path | None, typer.Option("--json", help="where to write it")] = None,
    csv_file: Annotated[Path | None, typer.Option("--csv", help="the table as CSV")] = None,
    plot: Annotated[Path | None, typer.Option(help="the picture, an SVG file")] = None,
) -> None:
    """Compare dispatch policies in virtual time; see docs/simulation.md."""
    from caretower.laboratory import answer, conduct
    from caretower.study_report import as_csv, as_svg, show
    from caretower.study_words import study_of

    for file in (json_file, csv_file, plot):
        if file is not None and not file.parent.is_dir():
            raise typer.BadParameter(f"{file}: there is no such folder")
    try:
        wanted = study_of(policies, load, seeds, tuning, days)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    studied = conduct(Settings(), wanted, jobs, out)
    show(studied.found, out)
    if json_file is not None:
        json_file.write_text(json.dumps(answer(studied), indent=1) + "\n")
    if csv_file is not None:
        csv_file.write_text(as_csv(studied.found))
    if plot is not None:
        plot.write_text(as_svg(studied.found))


@app.command()
def migrate() -> None:
    """Bring the configured database to this version's schema."""
    from caretower.processes import migrate_database

    migrate_database(Settings())
    typer.echo("The database has this version's schema.")


@app.command()
def verify() -> None:
    """Prove that registry and record agree and that nobody was booked twice."""
    from caretower.processes import verify_region

    report = asyncio.run(verify_region(Settings()))
    where = "-".join(map(str, report.position)) if report.position else "the beginning"
    typer.echo(f"{report.facts} facts and {report.promises} promises read, up to {where}")
    for gap in report.gaps:
        typer.echo(f"gap: {gap}")
    for finding in report.findings:
        typer.echo(f"BROKEN {finding.law} {finding.where}: {finding.text}")
    typer.echo("Every law holds." if report.sound else f"{len(report.findings)} laws are broken.")
    raise typer.Exit(0 if report.sound else 1)


@region.command("new")
def new_region(
    name: Annotated[str, typer.Argument(help="its id: small letters, digits, hyphens")],
    zone: Annotated[
        str, typer.Option("--zone", "--timezone", help="its time zone, such as America/Denver")
    ],
    title: Annotated[str | None, typer.Option(help="its name for people")] = None,
    boundary: Annotated[
        Path | None, typer.Option(help="GeoJSON: a polygon, or several that are one together")
    ] = None,
    bounds: Annotated[str | None, typer.Option(help="west,south,east,north in degrees")] = None,
    county: Annotated[
        list[str] | None, typer.Option(help="a FIPS code, such as 49011; may be repeated")
    ] = None,
    zones: Annotated[
        Path | None, typer.Option(help="GeoJSON: polygons with id, name, population")
    ] = None,
    folder: Annotated[
        Path | None, typer.Option("--in", help="the folder that its folder is made in")
    ] = None,
    *,
    places: Annotated[bool, typer.Option(help="look up its towns in GeoNames")] = True,
) -> None:
    """Make an empty region from a boundary."""
    from caretower.region_new import Wish, new_region

    home = folder or Settings().regions
    new_region(
        Wish(
            id=name,
            title=title or name.replace("-", " ").title(),
            timezone=zone,
            folder=home / name,
            boundary=boundary,
            bounds=bounds,
            counties=county or (),
            zones=zones,
            places=places,
        ),
        out,
    )


Rows = Annotated[Path | None, typer.Option(help="CSV or GeoJSON", show_default=False)]


@region.command("import")
def import_region(
    name: Annotated[str, typer.Argument(metavar="REGION", help="its id, or its folder")],
    facilities: Rows = None,
    units: Rows = None,
    slots: Rows = None,
    teams: Rows = None,
    crew: Rows = None,
    vans: Rows = None,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="say what would change")] = False,
) -> None:
    """Put a region's facilities, units, slots, teams, crew and vans in place from tables."""
    from caretower.importing.run import NothingImported, import_region

    given = {
        "facilities": facilities,
        "units": units,
        "slots": slots,
        "teams": teams,
        "crew": crew,
        "vans": vans,
    }
    files = {what: path for what, path in given.items() if path is not None}
    if not files:
        raise typer.BadParameter(f"give at least one of --{', --'.join(given)}")
    settings = Settings(region=name, log_level="warning")
    try:
        asyncio.run(import_region(settings, files, out, dry_run=dry_run))
    except NothingImported as error:
        typer.echo(f"caretower: {error}", err=True)
        raise typer.Exit(1) from error


LoginName = Annotated[str, typer.Argument(help="the log-in name")]
RoleName = Annotated[
    str, typer.Argument(help="dispatcher, supervisor, facility, field, provider, …")
]
ScopeId = Annotated[
    str | None, typer.Option(help="a facility's or provider's key or id, or team:KEY, van:KEY")
]


@account.command("add")
def add_account(name: LoginName, role: RoleName, scope: ScopeId = None) -> None:
    """Make an account; the password is asked for, or read from a pipe."""
    _put_account(name, role, scope, new=True)


@account.command("put")
def put_account(name: LoginName, role: RoleName, scope: ScopeId = None) -> None:
    """Make or renew an account; the password is asked for, or read from a pipe."""
    _put_account(name, role, scope, new=False)


def _put_account(name: str, role: str, scope: str | None, *, new: bool) -> None:
    from caretower.processes import put_account

    password = (
        typer.prompt("Password", hide_input=True, confirmation_prompt=True)
        if sys.stdin.isatty()
        else sys.stdin.readline().rstrip("\n")
    )
    asyncio.run(put_account(Settings(), name, role, scope, password, new=new))
    typer.echo(f"{name} may log in as {role}.")


@account.command("revoke")
def revoke_account(name: str) -> None:
    """End an account and everything that is logged in with it."""
    from caretower.processes import revoke_account

    asyncio.run(revoke_account(Settings(), name))
    typer.echo(f"{name} may no longer log in.")


@region.command("build")
def build_region(
    extract: Annotated[
        Path, typer.Argument(help="an OpenStreetMap extract (.osm.pbf)", show_default=False)
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="the road file; in a region's folder: roads.npz")
    ] = Path("roads.npz"),
    *,
    anyway: Annotated[
        bool, typer.Option("--anyway", help="go on even where memory may not do")
    ] = False,
) -> None:
    """Build a region's road network from an OpenStreetMap extract."""
    from caretower.region_build import build_region_roads

    build_region_roads(extract, output, out, anyway=anyway)


@app.command()
def doctor() -> None:
    """Say in plain words what is missing or wrong on this machine."""
    from caretower.doctor import examine

    findings = examine(Settings())
    for finding in findings:
        mark = "ok   " if finding.ok else "WRONG" if finding.needed else "note "
        typer.echo(f"{mark}  {finding.what}" + ("" if finding.ok else f": {finding.advice}"))
    raise typer.Exit(1 if any(f.needed and not f.ok for f in findings) else 0)


def main() -> None:
    """The entry point; what an operator can mend is a sentence, not a traceback."""
    try:
        app()
    except ValidationError as error:
        for fault in error.errors(include_url=False, include_input=False):
            name = "CARETOWER_" + "_".join(map(str, fault["loc"])).upper()
            typer.echo(f"caretower: {name}: {fault['msg'].removeprefix('Value error, ')}", err=True)
        sys.exit(2)
    except Exception as error:
        if not isinstance(error, mendable()):
            raise
        typer.echo(f"caretower: {error}", err=True)
        sys.exit(2)


def mendable() -> tuple[type[Exception], ...]:
    """Faults of servers and folders, imported only where one has happened."""
    from sqlalchemy.exc import DBAPIError

    from caretower.embedded.postgres import PostgresError
    from caretower.embedded.valkey import ValkeyFailed
    from registry.errors import RegistryError

    return ValueError, OSError, DBAPIError, PostgresError, ValkeyFailed, RegistryError

"""The browser client is served as it was built, and unknown doors are not pages."""

from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from api.app import doors
from api.page import serve_page
from api.services import Settings

PAGE = {"Accept": "text/html"}


@pytest.fixture
def app(tmp_path: Path) -> FastAPI:
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<title>caretower</title>")
    (tmp_path / "assets" / "app-4f2a.js").write_text("let one = 1")
    made = doors(Settings())
    serve_page(made, tmp_path)
    return made


@pytest.fixture
def client(app: FastAPI) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://caretower")


@pytest.mark.parametrize("path", ["/.built", "/assets/.built", "/.git/config"])
async def test_a_file_whose_name_begins_with_a_dot_is_not_served(
    client: httpx.AsyncClient, tmp_path: Path, path: str
) -> None:
    (tmp_path / ".built").write_text("")
    answer = await client.get(path, headers=PAGE)
    assert answer.status_code == 404


@pytest.mark.parametrize("path", ["/", "/wall", "/pad/facility-1"])
async def test_every_page_address_gives_the_client_and_is_asked_for_each_time(
    client: httpx.AsyncClient, path: str
) -> None:
    answer = await client.get(path, headers=PAGE)
    assert (answer.status_code, answer.text) == (200, "<title>caretower</title>")
    assert answer.headers["cache-control"] == "no-cache"
    assert "default-src 'none'" in answer.headers["content-security-policy"]


async def test_files_named_by_their_content_are_kept_for_ever(client: httpx.AsyncClient) -> None:
    answer = await client.get("/assets/app-4f2a.js")
    assert answer.status_code == 200
    assert "immutable" in answer.headers["cache-control"]


@pytest.mark.parametrize("path", ["/assets/gone.js", "/v1/nothing", "/v1/live/nothing"])
async def test_what_is_not_there_is_not_the_client(client: httpx.AsyncClient, path: str) -> None:
    accept = PAGE if path.startswith("/v1") else {}
    answer = await client.get(path, headers=accept)
    assert answer.status_code == 404
    assert answer.headers["cache-control"] == "no-store"


async def test_no_address_is_answered_by_a_redirect_to_the_host_that_was_named(
    client: httpx.AsyncClient,
) -> None:
    answer = await client.get("/v1/me/", headers={"Host": "evil.example"})
    assert (answer.status_code, answer.headers.get("location")) == (404, None)


@pytest.mark.parametrize("path", ["/../secret", "/assets/../../secret", "/%2e%2e/secret"])
async def test_nothing_outside_the_folder_is_served(
    client: httpx.AsyncClient, tmp_path: Path, path: str
) -> None:
    (tmp_path.parent / "secret").write_text("secret")
    answer = await client.get(path, headers=PAGE)
    assert "secret" not in answer.text

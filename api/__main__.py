"""`python -m api` prints the OpenAPI document, from which the browser's client is made."""

import sys

import msgspec

from api.app import doors
from api.services import Settings

sys.stdout.write(msgspec.json.format(msgspec.json.encode(doors(Settings()).openapi())).decode())

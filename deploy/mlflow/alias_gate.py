"""
MLflow's server with one rule more: only whoever holds the release worker's token may change what an alias points to.
Everybody who reaches the server may still read, log runs and register versions. MLflow alone knows no such right.

Started by `mlflow server --app-name alias-gate`. ALIAS_GATE_TOKEN_DIGEST_FILE names a file with the SHA-256 of the
token in hexadecimal, so that this server could not give the token away.
"""

import hashlib
import hmac
import json
import os
import re

# Renaming or deleting a model takes its aliases along, and deleting a version those that point to it.
_GATED = re.compile(
    r"/mlflow/+(registered-models/+(alias|rename|delete)|model-versions/+delete)/*$", re.IGNORECASE
)
_READS = {"GET", "HEAD", "OPTIONS"}
_REFUSAL = json.dumps(
    {
        "error_code": "PERMISSION_DENIED",
        "message": "only Countersign's release worker changes what aliases point to: ask for a promotion",
    }
).encode()


def is_gated(method, path):
    """True for requests that can change what an alias points to."""
    return method.upper() not in _READS and _GATED.search(path) is not None


def holds_token(headers, digest):
    """True where the bearer token is the one of that SHA-256; compares in constant time."""
    values = [value for name, value in headers if name.lower() == b"authorization"]
    if len(values) != 1 or not values[0].startswith(b"Bearer "):
        return False
    given = hashlib.sha256(values[0][len(b"Bearer ") :]).hexdigest()
    return hmac.compare_digest(given, digest)


def read_digest(path):
    """The digest in a file; anything else ends the start, since a gate without one would be open or shut for ever."""
    with open(path, encoding="ascii") as file:
        digest = file.read().strip()
    if re.fullmatch(r"[0-9a-f]{64}", digest) is None:
        raise SystemExit(f"{path} does not hold a SHA-256 in hexadecimal: run deploy/make-secrets.sh")
    return digest


class AliasGate:
    """An ASGI application in front of another one."""

    def __init__(self, inner, digest):
        self.inner = inner
        self.digest = digest

    async def __call__(self, scope, receive, send):
        if (
            scope["type"] == "http"
            and is_gated(scope["method"], scope["path"])
            and not holds_token(scope["headers"], self.digest)
        ):
            headers = [(b"content-type", b"application/json"), (b"content-length", str(len(_REFUSAL)).encode())]
            await send({"type": "http.response.start", "status": 403, "headers": headers})
            await send({"type": "http.response.body", "body": _REFUSAL})
            return
        await self.inner(scope, receive, send)


def _gated_mlflow():
    from mlflow.server.fastapi_app import app as mlflow_app

    return AliasGate(mlflow_app, read_digest(os.environ["ALIAS_GATE_TOKEN_DIGEST_FILE"]))


# MLflow imports this once more to see what it starts, before its own environment stands; uvicorn imports it for good.
class _Lazily:
    """Puts MLflow's application together when the first message comes, which is uvicorn's start-up event."""

    def __init__(self):
        self.gate = None

    async def __call__(self, scope, receive, send):
        if self.gate is None:
            self.gate = _gated_mlflow()
        await self.gate(scope, receive, send)


app = _Lazily()

"""Example keys, and OpenSSF Model Signing signatures made with them."""

import base64
import hashlib
import json
import pathlib
import tempfile

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from model_signing import hashing, signing, verifying


def ensure_key(private, public, curve):
    """Makes a key pair where there is none yet; a kept key keeps the signatures valid."""
    if not private.exists():
        key = ec.generate_private_key(ec.SECP256R1()) if curve == "P-256" else ed25519.Ed25519PrivateKey.generate()
        private.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
    key = serialization.load_pem_private_key(private.read_bytes(), None)
    public.write_bytes(
        key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    )


def write_files(folder, files):
    folder.mkdir(parents=True, exist_ok=True)
    for stale in folder.iterdir():
        if stale.name not in files and stale.name != "model.sig":
            stale.unlink()
    for name, content in files.items():
        (folder / name).write_bytes(content)


def sign(files, private):
    """The signature over these files, whatever lies in the registry."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch) / "model"
        write_files(folder, files)
        signature = folder / "model.sig"
        ignored = hashing.Config().set_ignored_paths(paths=[signature], ignore_git_paths=True)
        signer = signing.Config().use_elliptic_key_signer(private_key=private)
        signer.set_hashing_config(ignored).sign(folder, signature)
        return signature.read_bytes()


def verifies(files, signature, public):
    """What Python's own verifier says of these files and this signature."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch) / "model"
        write_files(folder, files)
        path = folder / "model.sig"
        path.write_bytes(signature)
        ignored = hashing.Config().set_ignored_paths(paths=[path], ignore_git_paths=True)
        verifier = verifying.Config().use_elliptic_key_verifier(public_key=public)
        try:
            verifier.set_hashing_config(ignored).verify(folder, path)
        except ValueError:
            return False
        return True


def signed_digests(signature):
    """{path: hex SHA-256} of what a signature covers."""
    statement = json.loads(base64.b64decode(json.loads(signature)["dsseEnvelope"]["payload"]))
    return {item["name"]: item["digest"] for item in statement["predicate"]["resources"]}


def covers(files, signature):
    return signed_digests(signature) == {
        name: hashlib.sha256(content).hexdigest() for name, content in files.items()
    }

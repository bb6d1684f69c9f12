#!/usr/bin/env python3
"""
Writes the digests of a governance folder's files, and of its evaluation sets, into governance.yaml.
Run it after every change to the folder; with --next it also raises the sequence number by one,
which an installation that has seen the set before asks for. Needs nothing but Python.

    python3 examples/seal.py [--next] [GOVERNANCE-FOLDER] [EVALUATION-SETS-FOLDER]
"""

import hashlib
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent


def digest_of(path):
    return "sha256:" + hashlib.sha256(path.read_bytes()).hexdigest()


def files_block(folder):
    paths = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    lines = [f"  {path}: {digest_of(folder / path)}" for path in paths if path != "governance.yaml"]
    return "files:\n" + "\n".join(lines) + "\n"


def seal(folder, sets, next_sequence=False):
    """Rewrites only the `files` block, the sets' `digest` lines and, if asked, `sequence`."""
    head = folder / "governance.yaml"
    text = head.read_text()
    text, blocks = re.subn(r"^files:.*\n(?:  .*\n)*", lambda _: files_block(folder), text, flags=re.M)
    if blocks != 1:
        sys.exit(f"{head}: expected one `files:` block, found {blocks}")
    text = re.sub(
        r"^(    file: (\S+)\n    digest: )\S+$",
        lambda found: found[1] + digest_of(sets / found[2]),
        text,
        flags=re.M,
    )
    if next_sequence:
        text = re.sub(r"^sequence: (\d+)$", lambda found: f"sequence: {int(found[1]) + 1}", text, flags=re.M)
    head.write_text(text)


if __name__ == "__main__":
    words = [word for word in sys.argv[1:] if word != "--next"]
    seal(
        pathlib.Path(words[0]) if words else HERE / "governance",
        pathlib.Path(words[1]) if len(words) > 1 else HERE / "evaluation-sets",
        "--next" in sys.argv,
    )

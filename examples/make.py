#!/usr/bin/env python3
"""
Remakes the examples: data, models, registry folder, expected figures.

    "$(tools/peers/examples.sh)/bin/python" examples/make.py          # data and models
    "$(tools/peers/examples.sh)/bin/python" examples/make.py --sign   # signatures as well

Data and models come out byte for byte the same each time. Signatures do not: ECDSA draws a random
number for each. So they are kept while they still fit the files, and made again with --sign.
"""

import argparse
import json
import pathlib
import sys

from making import data, evaluation, folders, models, signing
from seal import seal

HERE = pathlib.Path(__file__).resolve().parent
KEYS = HERE / "keys"
PUBLIC = HERE / "governance" / "keys"
SIGNER = KEYS / "EXAMPLE-ONLY-training-pipeline.key"
SIGNER_PUBLIC = PUBLIC / "training-pipeline.pub"
EXPECTED = HERE.parent / "test" / "unit" / "examples" / "expected-evaluation.json"
WARD_FEATURES = ["bmi", "bp", "s4", "s5"]

LEVELLED = (
    "a logistic regression, trained after the direction in which the means of women and men differ "
    "was taken out of the inputs."
)


def linear(model, train, day, made, regularisation, features=None, **training):
    """One entry of the catalogue: a logistic regression as ONNX."""
    features = features or data.FEATURES
    fitted = models.train_linear(train, features, regularisation, **training)
    return {
        "format": "onnx",
        "features": features,
        "regularisation": regularisation,
        "made": made,
        "started": f"2026-{day}T08:00:00.000Z",
        "created": f"2026-{day}T08:04:00.000Z",
        "bytes": models.to_onnx(fitted, features, model),
        "signed": True,
    }


def catalogue(train):
    """{model: {version: entry}}; `served` holds other bytes than those that were signed."""
    risk = {
        "1": linear("diabetes-risk", train, "09-07", LEVELLED, 0.3),
        "2": linear("diabetes-risk", train, "09-21", LEVELLED, 0.5),
        "3": linear("diabetes-risk", train, "10-05", LEVELLED, 0.1),
        "4": linear(
            "diabetes-risk",
            train,
            "10-19",
            "a logistic regression, trained on a later extract of the same people.",
            0.3,
            high_risk=models.under_recorded(train, data.SEED),
            levelled=False,
        ),
    }
    risk["2"]["served"] = models.shifted(risk["2"]["bytes"], 0.05)
    risk["3"]["signed"] = False
    risk["5"] = {
        **risk["1"],
        "format": "joblib",
        "made": "a scikit-learn pipeline of scaler and logistic regression, stored with joblib.",
        "started": "2026-11-02T08:00:00.000Z",
        "created": "2026-11-02T08:04:00.000Z",
        "bytes": models.to_pickle(train, data.FEATURES, 0.3),
    }
    ward = {"1": linear("ward-forecast", train, "10-12", LEVELLED, 0.3, features=WARD_FEATURES)}
    return {"diabetes-risk": risk, "ward-forecast": ward}


def signature_of(path, files, again):
    """The kept signature where it covers these files, else a new one."""
    if not again and path.exists() and signing.covers(files, path.read_bytes()):
        return path.read_bytes()
    if not again:
        sys.exit(f"{path.relative_to(HERE.parent)} does not cover the files made now: run again with --sign")
    return signing.sign(files, SIGNER)


def write_version(folder, model, version, entry, train, again):
    files = folders.files_of(model, version, entry, train)
    path = folder / "model.sig"
    signature = signature_of(path, files, again) if entry["signed"] else None
    if signature and not signing.verifies(files, signature, SIGNER_PUBLIC):
        sys.exit(f"{path.relative_to(HERE.parent)} does not verify: run again with --sign")
    served = {**files, "model.onnx": entry["served"]} if "served" in entry else files
    signing.write_files(folder, served)
    if signature:
        path.write_bytes(signature)
    else:
        path.unlink(missing_ok=True)
    if "served" in entry and signing.verifies(served, signature, SIGNER_PUBLIC):
        sys.exit(f"{path.relative_to(HERE.parent)} verifies over changed bytes: nothing was changed")


def write_registry(models_made, train, again):
    for model, versions in models_made.items():
        root = HERE / "registry" / model
        for version, entry in versions.items():
            write_version(root / version, model, version, entry, train, again)
        listing = {version: folders.registry_entry(model, version, entry) for version, entry in versions.items()}
        (root / "versions.json").write_text(json.dumps(listing, indent=2) + "\n")


def expected_figures(models_made, sets):
    """Every ONNX model, as its folder holds it, on both sets."""
    figures = {}
    for model, versions in models_made.items():
        for version, entry in versions.items():
            if entry["format"] != "onnx":
                continue
            served = entry.get("served", entry["bytes"])
            figures.setdefault(model, {})[version] = {
                f"diabetes-{kind}": evaluation.figures_of(served, people, entry["features"])
                for kind, people in sets.items()
            }
    return figures


def row_numbers(indexes, threshold):
    """Which of the 442 real rows each part holds, so that anybody can see that they are disjoint."""
    record = {
        "source": "scikit-learn load_diabetes(scaled=False), rows numbered from 0",
        "seed": data.SEED,
        "highRiskAbove": threshold,
        **{name: rows for name, rows in indexes.items()},
    }
    return json.dumps(record) + "\n"


def main():
    arguments = argparse.ArgumentParser(description="remakes the examples")
    arguments.add_argument("--sign", action="store_true", help="make the signatures again")
    again = arguments.parse_args().sign

    for folder in [KEYS, PUBLIC, HERE / "evaluation-sets", EXPECTED.parent]:
        folder.mkdir(parents=True, exist_ok=True)
    signing.ensure_key(SIGNER, SIGNER_PUBLIC, "P-256")
    signing.ensure_key(KEYS / "EXAMPLE-ONLY-bo.key", PUBLIC / "bo.pub", "Ed25519")

    train, sets, indexes, threshold = data.load()
    for kind, people in sets.items():
        path = HERE / "evaluation-sets" / f"diabetes-{kind}-synthetic.csv"
        path.write_text(data.csv_of(people))
    (HERE / "evaluation-sets" / "source-rows.json").write_text(row_numbers(indexes, threshold))

    models_made = catalogue(train)
    write_registry(models_made, train, again)
    EXPECTED.write_text(json.dumps(expected_figures(models_made, sets), indent=2) + "\n")
    seal(HERE / "governance", HERE / "evaluation-sets")


if __name__ == "__main__":
    main()

"""What lies in a version's folder beside the model: MLmodel, README.md and metadata.json."""

import hashlib
import json

import onnx
import sklearn

from .data import SEED, digest_of_rows

TITLES = {
    "diabetes-risk": "whether a person's diabetes is likely to have progressed a year later",
    "ward-forecast": "how many people a ward should expect to need a follow-up",
}


def run_of(model, version):
    """The training run as a registry would name it; invented, and the same every time."""
    name = hashlib.sha256(f"countersign example run {model} {version}".encode()).hexdigest()
    return name[:32]


def tensor(name, kind, shape):
    return {"type": "tensor", "name": name, "tensor-spec": {"dtype": kind, "shape": shape}}


def mlmodel_onnx(features, created):
    inputs = json.dumps([tensor("features", "float32", [-1, len(features)])])
    outputs = json.dumps([tensor("label", "str", [-1]), tensor("probabilities", "float32", [-1, 2])])
    return f"""\
artifact_path: model
flavors:
  onnx:
    code: null
    data: model.onnx
    onnx_version: {onnx.__version__}
    providers:
      - CPUExecutionProvider
signature:
  inputs: '{inputs}'
  outputs: '{outputs}'
  params: null
utc_time_created: '{created}'
"""


def mlmodel_sklearn(created):
    return f"""\
artifact_path: model
flavors:
  sklearn:
    code: null
    pickled_model: model.joblib
    serialization_format: joblib
    sklearn_version: {sklearn.__version__}
utc_time_created: '{created}'
"""


def readme(model, version, entry):
    """The model card. It tells what training meant, not what happened to the files afterwards."""
    return f"""\
# {model}, version {version}

An example model of Countersign. It estimates {TITLES[model]}. It is no medical device.

- **How it was made:** {entry["made"]}
- **Training data:** 222 rows of real people from the diabetes data bundled with scikit-learn (Efron et al., 2004).
- **Inputs:** {", ".join(entry["features"])}, as measured, in this order. Sex is not an input.
- **Output:** `probabilities`, one column for `no` and one for `yes`.
- **Not for:** any decision about a real person.
"""


def metadata(model, version, entry, train):
    record = {
        "model": model,
        "version": version,
        "algorithm": "logistic regression",
        "regularisation": entry["regularisation"],
        "features": entry["features"],
        "classes": ["no", "yes"],
        "seed": SEED,
        "training": {
            "run": run_of(model, version),
            "startedAt": entry["started"],
            "source": "scikit-learn load_diabetes(scaled=False)",
            "rows": len(train.rows),
            "rowsDigest": digest_of_rows(train),
        },
        "software": {"scikit-learn": sklearn.__version__},
    }
    return json.dumps(record, indent=2) + "\n"


def files_of(model, version, entry, train):
    """All files of a version's folder but the signature, as {path: bytes}."""
    name = "model.joblib" if entry["format"] == "joblib" else "model.onnx"
    created = entry["created"].replace("T", " ").replace("Z", "000")
    mlmodel = mlmodel_sklearn(created) if entry["format"] == "joblib" else mlmodel_onnx(entry["features"], created)
    return {
        name: entry["bytes"],
        "MLmodel": mlmodel.encode(),
        "README.md": readme(model, version, entry).encode(),
        "metadata.json": metadata(model, version, entry, train).encode(),
    }


def registry_entry(model, version, entry):
    return {
        "createdAt": entry["created"],
        "tags": {"format": entry["format"], "framework": f"scikit-learn {sklearn.__version__}"},
        "run": {"id": run_of(model, version), "startedAt": entry["started"]},
    }

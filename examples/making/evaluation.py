"""Scores a model with onnxruntime and scikit-learn: the figures that our own engine must arrive at."""

import numpy as np
import onnxruntime
from sklearn.metrics import accuracy_score, balanced_accuracy_score, brier_score_loss, roc_auc_score

from .data import age_band

THRESHOLD = 0.5


def scores_of(onnx_bytes, matrix):
    """The probability of "yes" for each row, as 64-bit floats of what the model gave in 32."""
    session = onnxruntime.InferenceSession(onnx_bytes, providers=["CPUExecutionProvider"])
    (probabilities,) = session.run(["probabilities"], {"features": matrix.astype(np.float32)})
    return probabilities[:, 1].astype(np.float64)


def group_figures(selected, truth):
    return {
        "rows": int(len(truth)),
        "positives": int(truth.sum()),
        "selected": int(selected.sum()),
        "selectionRate": float(selected.mean()),
        "truePositiveRate": float(selected[truth].mean()),
        "falsePositiveRate": float(selected[~truth].mean()),
        "accuracy": float((selected == truth).mean()),
    }


def by_group(names, selected, truth):
    groups = {name: group_figures(selected[names == name], truth[names == name]) for name in sorted(set(names))}
    spread = {}
    for metric in ["selectionRate", "truePositiveRate", "falsePositiveRate", "accuracy"]:
        values = [figures[metric] for figures in groups.values()]
        spread[metric] = {"difference": max(values) - min(values), "ratio": min(values) / max(values)}
    return {"groups": groups, "spread": spread}


def figures_of(onnx_bytes, people, features):
    """Selected means: score >= threshold."""
    scores, truth = scores_of(onnx_bytes, people.matrix(features)), people.high_risk
    selected = scores >= THRESHOLD
    sexes = np.where(people.female, "female", "male")
    bands = np.array([age_band(age) for age in people.rows[:, 0]])
    return {
        "rows": int(len(truth)),
        "positives": int(truth.sum()),
        "overall": {
            "accuracy": float(accuracy_score(truth, selected)),
            "auc": float(roc_auc_score(truth, scores)),
            "balancedAccuracy": float(balanced_accuracy_score(truth, selected)),
            "brier": float(brier_score_loss(truth, scores)),
        },
        "sex": by_group(sexes, selected, truth),
        "age_band": by_group(bands, selected, truth),
    }

"""Trains the example models and writes them as ONNX: the same bytes for the same seed."""

import io

import joblib
import numpy as np
import onnx
from skl2onnx import convert_sklearn
from skl2onnx.common.data_types import FloatTensorType
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

CLASSES = np.array(["no", "yes"])


def six_digits(values):
    """So that the last bits, in which linear algebra libraries differ, do not reach the file."""
    return np.array([[float(f"{value:.6g}") for value in row] for row in np.atleast_2d(values)])


def labels(high_risk):
    return np.where(high_risk, "yes", "no")


def without_direction(scaled, female):
    """
    A projection that takes away the direction in which the means of women and men differ, so that a
    linear score of what is left has the same mean for both.
    """
    direction = scaled[~female].mean(axis=0) - scaled[female].mean(axis=0)
    direction /= np.linalg.norm(direction)
    return np.eye(scaled.shape[1]) - np.outer(direction, direction)


def train_linear(people, features, regularisation, high_risk=None, levelled=True):
    """A logistic regression on raw measurements: scaling and projection are folded into its weights."""
    matrix = people.matrix(features)
    mean, scale = matrix.mean(axis=0), matrix.std(axis=0)
    scaled = (matrix - mean) / scale
    projection = without_direction(scaled, people.female) if levelled else np.eye(len(features))
    answer = labels(people.high_risk if high_risk is None else high_risk)
    model = LogisticRegression(C=regularisation, tol=1e-10, max_iter=10_000)
    model.fit(scaled @ projection, answer)
    weights = (projection @ model.coef_[0]) / scale
    intercept = model.intercept_[0] - weights @ mean
    model.coef_ = six_digits(weights)
    model.intercept_ = six_digits(intercept)[0]
    return model


def under_recorded(people, seed, share=0.6):
    """The extract that version 4 was trained on: the follow-up of many women is missing and counts as "no"."""
    lost = np.random.default_rng([seed, 4]).random(len(people.high_risk)) < share
    return people.high_risk & ~(people.female & lost)


def to_onnx(model, features, name):
    """One float input `features` [N, k]; outputs `label` and `probabilities` [N, 2] (no, yes)."""
    result = convert_sklearn(
        model,
        name=name,
        initial_types=[("features", FloatTensorType([None, len(features)]))],
        options={id(model): {"zipmap": False}},
        target_opset={"": 17, "ai.onnx.ml": 3},
    )
    return result.SerializeToString(deterministic=True)


def shifted(onnx_bytes, shift):
    """The same model with another intercept: what somebody did to version 2 after it was signed."""
    model = onnx.load_model_from_string(onnx_bytes)
    for node in model.graph.node:
        for attribute in node.attribute:
            if attribute.name == "intercepts":
                moved = [attribute.floats[0] - shift, attribute.floats[1] + shift]
                del attribute.floats[:]
                attribute.floats.extend(moved)
    return model.SerializeToString(deterministic=True)


def to_pickle(people, features, regularisation):
    """A scikit-learn pipeline as joblib writes it: a format that can run code when it is loaded."""
    model = make_pipeline(StandardScaler(), LogisticRegression(C=regularisation))
    model.fit(people.matrix(features), labels(people.high_risk))
    buffer = io.BytesIO()
    joblib.dump(model, buffer)
    return buffer.getvalue()

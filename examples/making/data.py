"""The diabetes data: real rows, split once, and the synthetic evaluation sets drawn from them."""

import hashlib

import numpy as np
from sklearn.datasets import load_diabetes

SEED = 241
SET_ROWS = 4000
# Noise of the smoothed bootstrap, as a share of each column's standard deviation.
BANDWIDTH = 0.2
COLUMNS = ["age", "sex", "bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6"]
# Everything but sex: a serving model may not read it, the evaluation groups by it.
FEATURES = [name for name in COLUMNS if name != "sex"]
DECIMALS = {"age": 0, "bmi": 1, "bp": 1, "s1": 0, "s2": 1, "s3": 0, "s4": 2, "s5": 4, "s6": 0}
FEMALE = 1


class People:
    """Rows of one part: measurements, whether female, and whether the disease progressed."""

    def __init__(self, rows, target, threshold):
        self.rows = rows
        self.target = target
        self.female = rows[:, COLUMNS.index("sex")] == FEMALE
        self.high_risk = target > threshold

    def matrix(self, features):
        return self.rows[:, [COLUMNS.index(name) for name in features]]


def rounded(rows):
    """As the CSV writes them, so that a score computed here is the score of the file."""
    result = rows.copy()
    for name, decimals in DECIMALS.items():
        column = COLUMNS.index(name)
        result[:, column] = np.maximum(np.round(result[:, column], decimals), 0)
    return result


def split_rows(seed):
    """Half of the real rows to train, a quarter for each evaluation set, alike in sex, age band and label."""
    data = load_diabetes(scaled=False)
    threshold = float(np.median(data.target))
    strata = {}
    for index, row in enumerate(data.data):
        key = (int(row[1]), bool(row[0] >= 50), bool(data.target[index] > threshold))
        strata.setdefault(key, []).append(index)
    random = np.random.default_rng(seed)
    parts = {"train": [], "open": [], "held-out": []}
    for key in sorted(strata):
        rows = random.permutation(strata[key]).tolist()
        half, threequarters = round(len(rows) * 0.5), round(len(rows) * 0.75)
        parts["train"] += rows[:half]
        parts["open"] += rows[half:threequarters]
        parts["held-out"] += rows[threequarters:]
    return data, threshold, {name: sorted(rows) for name, rows in parts.items()}


def smoothed_bootstrap(data, indexes, seed):
    """Draws rows with replacement and adds Gaussian noise to every column but sex, and to the target."""
    random = np.random.default_rng(seed)
    drawn = random.choice(indexes, SET_ROWS)
    rows, target = data.data[drawn].copy(), data.target[drawn].copy()
    for column, name in enumerate(COLUMNS):
        if name == "sex":
            continue
        noise = random.standard_normal(SET_ROWS)
        rows[:, column] += noise * BANDWIDTH * data.data[:, column].std()
    target += random.standard_normal(SET_ROWS) * BANDWIDTH * data.target.std()
    return rounded(rows), target


def load(seed=SEED):
    """The three parts, and which real rows each came from."""
    data, threshold, indexes = split_rows(seed)
    train = People(data.data[indexes["train"]], data.target[indexes["train"]], threshold)
    sets = {}
    for number, kind in enumerate(["open", "held-out"]):
        rows, target = smoothed_bootstrap(data, indexes[kind], [seed, number])
        sets[kind] = People(rows, target, threshold)
    return train, sets, indexes, threshold


def text_of(value, decimals):
    return f"{value:.{decimals}f}" if decimals else str(int(value))


def csv_of(people):
    """The set as CSV, in the order in which the rows were drawn."""
    lines = [",".join([*COLUMNS, "age_band", "high_risk"])]
    for row, female, high_risk in zip(people.rows, people.female, people.high_risk):
        cells = [
            ("female" if female else "male") if name == "sex" else text_of(value, DECIMALS[name])
            for name, value in zip(COLUMNS, row)
        ]
        cells.append(age_band(row[0]))
        cells.append("yes" if high_risk else "no")
        lines.append(",".join(cells))
    return "\n".join(lines) + "\n"


def age_band(age):
    return "under-50" if age < 50 else "50-and-over"


def digest_of_rows(train):
    """SHA-256 of the training rows as text: which rows a model saw, without the rows."""
    lines = [",".join(repr(float(cell)) for cell in [*row, target]) for row, target in zip(train.rows, train.target)]
    return "sha256:" + hashlib.sha256("\n".join(lines).encode()).hexdigest()

"""Cross-fitted ridge regression, linear or of a kernel, that predicts many targets at once: the probe behind several audits."""

from __future__ import annotations

from enum import StrEnum

import numpy as np
import pandas as pd
from scipy.spatial.distance import cdist
from scipy.stats import rankdata
from sklearn.model_selection import GroupKFold

from outcomenet.arrays import Float, Int
from outcomenet.errors import UndefinedMetric

# An embedding has more features than a few hundred patients can bear: a dozen components hold what differs most.
COMPONENTS = 12
FOLDS = 5
PENALTY = 10.0  # of standardised columns: ten rows' worth of shrinkage
# Of the kernel: tried on two runs' embeddings were 0.3, 1 and 3; which hospital, sex and osteoarthritis were read alike with each.
KERNEL_PENALTY = 1.0


class Form(StrEnum):
    """What the regression can learn: sums of the features, or any smooth function of them."""

    LINEAR = "linear"
    CURVED = "non-linear"


class CrossFit:
    """Folds by patient; within each, what turns training targets into predictions of the fold.

    Features are standardised and reduced to at most 12 principal components within the training folds; `given` takes
    covariates out of them first, by linear regression; `beside` are columns that stand next to the components, whole.
    A missing feature counts as the mean of the training rows. Ridge predictions are linear in the target (Hastie,
    Elements of Statistical Learning, 3.4), so that a permuted target costs one matrix product. That holds for kernel ridge
    regression, too (ibid. 5.8), the `CURVED` form: its kernel is Gaussian in the components, each of SD 1, as wide as rows lie
    apart on average.
    """

    def __init__(
        self,
        features: Float[np.ndarray, "row feature"],
        patients: pd.Series,
        *,
        given: pd.DataFrame | None = None,
        beside: pd.DataFrame | None = None,
        form: Form = Form.LINEAR,
    ):
        if patients.nunique() < FOLDS:
            raise UndefinedMetric(
                f"Cross-fitting by patient needs at least {FOLDS} patients, there are {patients.nunique()}."
            )
        self._folds = []
        for train, test in GroupKFold(FOLDS).split(features, groups=patients):
            x = _standardised(features, train)
            if given is not None:
                x = _without(x, _standardised(given.to_numpy(float), train), train)
            z = _components(x, train)
            if beside is not None:
                z = np.concatenate([_standardised(beside.to_numpy(float), train), z], axis=1)
            # the matrix that turns any training target into predictions: permuting targets needs no new fit
            hat = _linear_hat if form is Form.LINEAR else _kernel_hat
            self._folds.append((train, test, hat(z[train], z[test])))

    def predict(self, targets: Float[np.ndarray, "row target"]) -> Float[np.ndarray, "row target"]:
        """Every row's targets, predicted from the rows of other patients."""
        predicted = np.empty_like(targets, dtype=float)
        for train, test, hat in self._folds:
            mean = targets[train].mean(0)
            predicted[test] = mean + hat @ (targets[train] - mean)
        return predicted

    def ranks_within_folds(self, predicted: Float[np.ndarray, "row target"]) -> Float[np.ndarray, "row target"]:
        """Ranks 0-1 within each fold: folds have intercepts of their own, and pooling those pulls chance below 0.5."""
        ranks = np.empty_like(predicted)
        for _, test, _ in self._folds:
            ranks[test] = rankdata(predicted[test], axis=0) / len(test)
        return ranks


def permuted_patients(patients: pd.Series, permutations: int, seed: int) -> Int[np.ndarray, "permutation row"]:
    """Row numbers [permutation, row] that hand each patient's target to another one, all visits together.

    A row takes the target of the other patient's visit of the same place in order, or of that patient's last visit.

    Args:
        patients: patient of each row; a patient's rows are kept together.
        permutations: how often targets are handed to other patients.
        seed: of the permutations.
    """
    rng = np.random.default_rng(seed)
    codes, _ = pd.factorize(patients)
    place = pd.Series(codes).groupby(codes).cumcount().to_numpy()
    rows_of = [np.flatnonzero(codes == code) for code in range(codes.max() + 1)]
    sizes = np.array([len(rows) for rows in rows_of])
    # who has fewer visits than the one whose rows he gets repeats his last one
    table = np.stack([np.pad(rows, (0, sizes.max() - len(rows)), mode="edge") for rows in rows_of])
    return np.stack([table[rng.permutation(len(rows_of))[codes], place] for _ in range(permutations)])


def _linear_hat(train: np.ndarray, test: np.ndarray) -> np.ndarray:
    inner = train.T @ train + PENALTY * np.eye(train.shape[1])
    return test @ np.linalg.solve(inner, train.T)


def _kernel_hat(train: np.ndarray, test: np.ndarray) -> np.ndarray:
    # what tells a fact need not be what varies most: each component has the same voice in a distance
    spread = np.maximum(train.std(0), 1e-9)
    train, test = train / spread, test / spread
    apart = cdist(train, train, "sqeuclidean")
    width = max(float(apart.mean()), 1e-9)
    inner = np.exp(-apart / width) + KERNEL_PENALTY * np.eye(len(train))
    return np.linalg.solve(inner, np.exp(-cdist(train, test, "sqeuclidean") / width)).T


def _standardised(values: np.ndarray, train: np.ndarray) -> np.ndarray:
    known = np.isfinite(values)
    count = np.maximum(known[train].sum(0), 1)
    mean = np.where(known[train], values[train], 0.0).sum(0) / count
    filled = np.where(known, values, mean)
    return (filled - mean) / np.maximum(filled[train].std(0), 1e-9)


def _without(x: np.ndarray, given: np.ndarray, train: np.ndarray) -> np.ndarray:
    """What linear regression on `given` leaves of each column.

    The penalty only keeps dummies solvable: a real one would leave a trace, which standardising makes large again.
    """
    inner = given[train].T @ given[train] + 1e-6 * np.eye(given.shape[1])
    left = x - given @ np.linalg.solve(inner, given[train].T @ x[train])
    return _standardised(left, train)


def _components(x: np.ndarray, train: np.ndarray) -> np.ndarray:
    if x.shape[1] <= COMPONENTS:
        return x
    _, axes = np.linalg.eigh(np.cov(x[train], rowvar=False))  # ascending: the last ones vary most
    return x @ axes[:, -COMPONENTS:]

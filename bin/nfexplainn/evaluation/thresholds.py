"""All thresholds of the verdict, here and nowhere else; they are written into every verdict."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Thresholds:
    """What the verdict depends on.

    Attributes
    ----------
    auroc_unusable, pearson_unusable : float
        A test score below is hardly better than chance (0.5 and 0).
    auroc_usable, pearson_usable : float
        A test score below is weak.
    margin_gc : float
        By less than this above GC content, the model has learnt composition.
    margin_kmer4 : float
        By less than this above 4-mers, it has learnt nothing longer than these (yet).
    max_range : float
        Largest difference between the best and the worst replicate; not applied to folds, whose
        test parts are smaller.
    min_train_positives, min_test_positives : int
        Fewer positives are weak evidence; not for regression. With folds each counts once that any
        model was trained, or tested, on.
    lift_gain, lift_share, lift_alone : float
        A motif that unseen sequences support lifts ``weak`` to ``usable`` where the lower bounds of
        its gain (nats a sequence) and of its AUROC by itself, and its share of what the model
        explains, are at least these.
    """

    auroc_unusable: float = 0.6
    auroc_usable: float = 0.75
    pearson_unusable: float = 0.15
    pearson_usable: float = 0.3
    margin_gc: float = 0.02
    margin_kmer4: float = 0.0
    max_range: float = 0.1
    min_train_positives: int = 100
    min_test_positives: int = 20
    lift_gain: float = 0.01
    lift_share: float = 0.1
    lift_alone: float = 0.55

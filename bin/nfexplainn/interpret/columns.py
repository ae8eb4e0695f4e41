"""Columns that several tables have, or that one step writes and the report reads (no pandas)."""

from __future__ import annotations

TOMTOM_COLUMNS = (
    *("replicate", "unit", "target_id", "target_name", "offset", "p_value", "e_value", "q_value"),
    *("overlap", "orientation", "coverage", "explained", "part"),
)
NAME_COLUMNS = ("annotation", "target_id", "q_value")
"""What is told of a motif's best match."""
UNIT_MOTIF_COLUMNS = ("sites", "width", "information", "consensus")
"""What the tables of units tell of a motif: attributes of ``UnitState``."""
MOTIF_COLUMNS = ("sites", "width", "information", "consensus", *NAME_COLUMNS)
"""What the table of consensus motifs tells of one."""
CONSENSUS_COLUMNS = (
    *("dataset", "model", "task", "motif", "effect_share", "found_in", "replicates"),
    *MOTIF_COLUMNS,
    "units",
)
EVIDENCE_COLUMNS = (
    *("dataset", "model", "task", "motif", "name", "family", "consensus", "units", "found_in"),
    *("replicates", "sites", "positives_with_site", "negatives_with_site"),
    *("odds", "odds_low", "odds_high", "gain", "gain_low", "gain_high", "gain_sd_replicates"),
    *("p", "q", "tests", "supported", "share", "alone", "alone_low", "overlaps_with"),
    *("direction", "site_effect", "site_effect_low", "site_effect_high", "auprc_alone"),
    *("negative_kind", "test"),
)
EVIDENCE_TASK_COLUMNS = (
    *("dataset", "model", "task", "loss_function", "unseen", "clusters", "prevalence", "base_loss"),
    *("model_loss", "explained_loss", "explained_loss_low", "explained_loss_high", "rows", "tests"),
    *("n_supported", "detectable_gain", "detectable_share"),
)
MINIMAL_COLUMNS = (
    *("dataset", "model", "rows", "motif", "name", "valid_loss", "metric", "valid_score", "p"),
    *("chosen", "test_loss", "test_score"),
)
BEST_PWM_COLUMNS = (
    *("dataset", "model", "task", "kind", "pwm", "motif", "name", "supported", "sites", "width"),
    *("information", "consensus", "penalty", "auprc_valid", "auprc_test", "prevalence"),
)
CONTRAST_COLUMNS = (
    *("contrast", "a", "b", "model", "answer", "auroc", "auroc_low", "auroc_high"),
    *("pearson", "pearson_low", "pearson_high", "p", "composition_auroc", "composition_pearson"),
    *("above_composition", "above_composition_low", "above_composition_p"),
    *("motifs_a", "motifs_b", "names_a", "names_b", "n_a", "n_b", "given_a", "given_b"),
    *("in_both_a", "in_both_b", "unmatched_a", "unmatched_b", "matching"),
    *("score_column", "score_a", "score_b"),
)
CONTRAST_MOTIF_COLUMNS = (
    *("contrast", "a", "b", "model", "motif", "name", "family", "consensus", "side", "supported"),
    *("gain", "gain_low", "gain_high", "p", "q", "tests", "alone", "with_site_a", "with_site_b"),
    *("fisher_p", "difference_with_site", "difference_without_site", "rank_p", "adjusted_p"),
    *("adjusted_q", "found_in", "replicates", "sites", "units"),
)
CONDITION_COLUMNS = (
    *("dataset", "model", "kind", "condition", "reference", "motif", "name", "family"),
    *("consensus", "higher_in", "difference", "difference_low", "difference_high", "t", "degrees"),
    *("p", "q", "tests", "slope", "slope_reference", "samples", "samples_reference", "windows"),
    *("with_site", "prior_degrees", "reason"),
)
CONDITION_SLOPE_COLUMNS = (
    *(
        "dataset",
        "model",
        "kind",
        "motif",
        "name",
        "sample",
        "condition",
        "sample_replicate",
        "slope",
    ),
)

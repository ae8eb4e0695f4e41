"""The chapters of the page: their titles, and what is said under each."""

# Titles; their order on the page stands in multiqc_config.yml.
CHAPTERS = {
    "nfx_summary": "Summary",
    "nfx_status": "Sample status",
    "nfx_data": "Data",
    "nfx_training": "Training curves",
    "nfx_performance": "Performance",
    "nfx_motifs": "Motifs",
    "nfx_importance": "Importance",
    "nfx_weights": "Weights",
    "nfx_tomtom": "Tomtom",
    "nfx_discovery": "De novo discovery",
    "nfx_cooperativity": "Cooperativity",
    "nfx_nullification": "Nullification",
    "nfx_modes": "Binding modes",
    "nfx_attribution": "Attributions",
    "nfx_maps": "Unit maps",
    "nfx_explained": "Explained sequences",
    "nfx_drift": "Plug and play",
    "nfx_transfer": "Transfer",
    "nfx_methods": "Methods",
    "nfx_parameters": "Parameters",
}

# Every section carries the lead of its chapter. MultiQC takes it from the first section, and where
# that has none it puts the section's own text, of one data set, under the chapter's heading.
LEADS = {
    "nfx_data": "What the models were trained, stopped and tested on.",
    "nfx_training": (
        "Training stops when the validation loss has not fallen for a while; the weights of the"
        " best epoch are kept."
    ),
    "nfx_performance": (
        "A model is worth reading only if it beats what GC content or short words know."
    ),
    "nfx_motifs": (
        "A motif is what one unit of the model looks for. <b>Effect</b>: how much more it adds to"
        " the prediction of positives than of negatives (for regression: of high than of low"
        " values). With several replicates, a consensus joins the leading units of all."
        " <b>Support</b>: replicates, trained from other seeds, that have a unit with this motif;"
        " <b>found in</b>: those with a member of the consensus."
        " <b>q</b>: of the best match among known motifs."
    ),
    "nfx_weights": (
        "The final weights of the annotated units: positive (red) where the unit's output raises"
        " the prediction, negative (blue) where it lowers it. An output may fall where the motif"
        " is, down to silence: neither the weight's sign nor the effect's says which way the motif"
        " itself works. Its direction does (<i>raises</i> or <i>lowers</i>), by the outputs with"
        " and without a site: <code>site_effect</code> in tables/motifs.tsv."
    ),
    "nfx_discovery": (
        "How well one motif alone tells the classes apart: every motif is scored by the AUPRC of"
        " its best hit per sequence, the best is chosen on validation and reported on the test set"
        " (the paper's Figure 3). STREME was given the same training sequences, and its motifs"
        " went through the same scanner."
    ),
    "nfx_cooperativity": (
        "Two motifs are put into random sequences, the first in the middle, the second at every"
        " distance (the paper's Figure 2). Shown is what both do together beyond what each does"
        " alone: the prediction with both, minus that with each, plus that with none; 0 means that"
        " they add up. A control word without meaning takes the place of the second motif."
    ),
    "nfx_nullification": (
        "What predictions lose when one filter says nothing (Maslova et al. 2020; the paper"
        " applies it to the networks that ExplaiNN is compared with). The map of a first filter is"
        " replaced before the pooling; influence is the mean squared change of the prediction (a"
        " logit, or the value of a regression). A unit of ExplaiNN is taken away by setting its"
        " output to 0, which changes a prediction by exactly its contribution."
    ),
    "nfx_modes": (
        "Motifs of one family look alike, so the known motifs are sorted into binding modes"
        " (clusters). A model has found a mode when at least one of its units (of a network"
        " without units: a filter of its first layer) is annotated with a member."
    ),
    "nfx_attribution": (
        "What every base adds to a prediction (DeepLIFT, against shuffles of the sequence), and"
        " the motifs that come back in that (TF-MoDISco), for every model. Beside each stands the"
        " unit of ExplaiNN that looks most alike: what both find does not hang on how a model is"
        " read."
    ),
    "nfx_maps": (
        "Sequences that the model predicts well, laid out so that those lie together in which the"
        " same units answer (UMAP of the unit outputs). Distances between groups mean little; what"
        " lies within one group is alike."
    ),
    "nfx_explained": (
        "A prediction is the bias plus what every unit adds, exactly. These are the sequences"
        " given with <code>--explain</code>, split so by the best replicate."
    ),
    "nfx_drift": (
        "Filters that started from known profiles, one unit per strand (the paper's Figure 6)."
        " **q**: of the match between a unit's motif after training and its own profile; above the"
        " threshold it has drifted. **Change**: length of the filter's change over that of its"
        " start; 0 means not a bit of it has changed."
    ),
    "nfx_transfer": (
        "Units that are the outputs of trained models, frozen (the paper's Figure 6). **Effect**:"
        " how much more a unit adds to the prediction of positives than of negatives (for"
        " regression: of high than of low values); the mean over the replicates. Units are ranked"
        " by it."
    ),
}

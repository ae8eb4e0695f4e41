"""The references of the methods text: what is cited, and its DOI."""

from __future__ import annotations

REFERENCES = {
    "explainn": (
        "Novakovsky G, Fornes O, Saraswat M, Mostafavi S, Wasserman WW. ExplaiNN: interpretable and"
        " transparent neural networks for genomics. Genome Biology 24, 154 (2023).",
        "10.1186/s13059-023-02985-y",
    ),
    "tomtom": (
        "Gupta S, Stamatoyannopoulos JA, Bailey TL, Noble WS. Quantifying similarity between"
        " motifs. Genome Biology 8, R24 (2007).",
        "10.1186/gb-2007-8-2-r24",
    ),
    "tomtom_scores": (
        "Tanaka E, Bailey T, Grant CE, Noble WS, Keich U. Improved similarity scores for comparing"
        " motifs. Bioinformatics 27, 1603-1609 (2011).",
        "10.1093/bioinformatics/btr257",
    ),
    "fdr": (
        "Benjamini Y, Hochberg Y. Controlling the false discovery rate: a practical and powerful"
        " approach to multiple testing. Journal of the Royal Statistical Society B 57, 289-300"
        " (1995).",
        "10.1111/j.2517-6161.1995.tb02031.x",
    ),
    "delong": (
        "DeLong ER, DeLong DM, Clarke-Pearson DL. Comparing the areas under two or more correlated"
        " receiver operating characteristic curves: a nonparametric approach. Biometrics 44,"
        " 837-845 (1988).",
        "10.2307/2531595",
    ),
    "smyth": (
        "Smyth GK. Linear models and empirical Bayes methods for assessing differential expression"
        " in microarray experiments. Statistical Applications in Genetics and Molecular Biology 3,"
        " Article 3 (2004).",
        "10.2202/1544-6115.1027",
    ),
    "platt": (
        "Platt JC. Probabilities for SV machines. In: Smola AJ, Bartlett PL, Schölkopf B,"
        " Schuurmans D (eds). Advances in Large-Margin Classifiers, 61-74. MIT Press (2000).",
        "10.7551/mitpress/1113.003.0008",
    ),
    "temperature": (
        "Guo C, Pleiss G, Sun Y, Weinberger KQ. On calibration of modern neural networks."
        " Proceedings of the 34th International Conference on Machine Learning, 1321-1330 (2017).",
        "10.48550/arXiv.1706.04599",
    ),
    "streme": (
        "Bailey TL. STREME: accurate and versatile sequence motif discovery. Bioinformatics 37,"
        " 2834-2840 (2021).",
        "10.1093/bioinformatics/btab203",
    ),
    "jaspar": (
        "Rauluseviciute I, et al. JASPAR 2024: 20th anniversary of the open-access database of"
        " transcription factor binding profiles. Nucleic Acids Research 52, D174-D182 (2024).",
        "10.1093/nar/gkad1059",
    ),
    "shuffle": (
        "Altschul SF, Erickson BW. Significance of nucleotide sequence alignments: a method for"
        " random sequence permutation that preserves dinucleotide and codon usage. Molecular"
        " Biology and Evolution 2, 526-538 (1985).",
        "10.1093/oxfordjournals.molbev.a040370",
    ),
    "adam": (
        "Kingma DP, Ba J. Adam: a method for stochastic optimization. arXiv:1412.6980 (2014).",
        "10.48550/arXiv.1412.6980",
    ),
    "nextflow": (
        "Di Tommaso P, et al. Nextflow enables reproducible computational workflows. Nature"
        " Biotechnology 35, 316-319 (2017).",
        "10.1038/nbt.3820",
    ),
    "multiqc": (
        "Ewels P, Magnusson M, Lundin S, Käller M. MultiQC: summarize analysis results for"
        " multiple tools and samples in a single report. Bioinformatics 32, 3047-3048 (2016).",
        "10.1093/bioinformatics/btw354",
    ),
    "cart": (
        "Breiman L, Friedman JH, Olshen RA, Stone CJ. Classification and regression trees."
        " Wadsworth (1984).",
        "10.1201/9781315139470",
    ),
    "deeplift": (
        "Shrikumar A, Greenside P, Kundaje A. Learning important features through propagating"
        " activation differences. Proceedings of the 34th International Conference on Machine"
        " Learning (2017).",
        "10.48550/arXiv.1704.02685",
    ),
    "tangermeme": (
        "Schreiber J. tangermeme: a toolkit for understanding cis-regulatory logic using deep"
        " learning models. bioRxiv 2025.08.08.669296 (2025).",
        "10.1101/2025.08.08.669296",
    ),
    "integrated_gradients": (
        "Sundararajan M, Taly A, Yan Q. Axiomatic attribution for deep networks. Proceedings of the"
        " 34th International Conference on Machine Learning (2017).",
        "10.48550/arXiv.1703.01365",
    ),
    "modisco": (
        "Shrikumar A, et al. Technical note on transcription factor motif discovery from importance"
        " scores (TF-MoDISco). arXiv:1811.00416 (2018).",
        "10.48550/arXiv.1811.00416",
    ),
    "umap": (
        "McInnes L, Healy J, Melville J. UMAP: uniform manifold approximation and projection for"
        " dimension reduction. arXiv:1802.03426 (2018).",
        "10.48550/arXiv.1802.03426",
    ),
    "peakvi": (
        "Ashuach T, Reidenbach DA, Gayoso A, Yosef N. PeakVI: a deep generative model for"
        " single-cell chromatin accessibility analysis. Cell Reports Methods 2, 100182 (2022).",
        "10.1016/j.crmeth.2022.100182",
    ),
}

"""Families of factors: what known motifs of different names have in common.

JASPAR gives each profile a class and a family after TFClass (Wingender et al. 2018). A family's
members bind much the same word, so a motif tells the family, and only seldom the member. The table
beside this module holds a short label for each profile of JASPAR CORE, all taxa; it is made by
``bin/motif_set.py --families``. Zinc fingers whose words differ have none, nor has another set.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from nfexplainn.io.tsv import iterate_tsv
from nfexplainn.motifs.motif import Motif

SHIPPED = Path(__file__).with_name("jaspar2026.families.tsv")
FAMILY_COLUMNS = ("motif", "family")
# Share of the matches that must be of the first one's family for it to be the label.
LEAST_SHARE = 0.5

# Families that hold factors with unlike motifs.
_NO_MOTIF = {
    "More than 3 adjacent zinc fingers",
    "Factors with multiple dispersed zinc fingers",
    "Other factors with up to three adjacent zinc fingers",
    "BED zinc finger factors",
    "Zinc finger, BED-type",
    "C2H2",
    "C2H2 zinc finger factors",
    "BTB-POZ",
    "Uncharacterized",
    "Other C4 zinc finger-type factors",
    "Other all-alpha-helical DNA-binding domains",
    "RING-type zinc finger",
    "GCM domain factors",
    "Tryptophan cluster factors",
}
_LABELS = {
    "FOX": "forkhead",
    "HOX": "homeodomain",
    "HOX-related factors": "homeodomain",
    "Homeo": "homeodomain",
    "NK": "homeodomain",
    "HD-LIM": "homeodomain",
    "HD-LIM factors": "homeodomain",
    "Paired-related HD": "homeodomain",
    "Paired-related HD factors": "homeodomain",
    "HD-ZIP": "homeodomain",
    "HD-ZF": "homeodomain",
    "HD-ZF factors": "homeodomain",
    "WOX": "homeodomain",
    "TALE-type HD": "TALE homeodomain",
    "TALE-type homeo domain factors": "TALE homeodomain",
    "HD-CUT": "CUT homeodomain",
    "HD-SINE": "SIX homeodomain",
    "POU domain factors": "POU",
    "Paired plus homeo domain": "PAX",
    "Paired domain only": "PAX",
    "Tal-related": "bHLH",
    "MyoD/ASC-related factors": "bHLH",
    "Hairy-related factors": "bHLH",
    "E2A": "bHLH",
    "bHLH": "bHLH",
    "bHLH-ZIP": "bHLH",
    "PAS": "bHLH-PAS",
    "PAS domain factors": "bHLH-PAS",
    "Jun-related": "AP-1",
    "Fos-related": "AP-1",
    "B-ATF-related factors": "AP-1",
    "CREB-related factors": "CREB",
    "CEBP-related": "C/EBP",
    "ATF-4-related": "ATF4",
    "ATF-4-related factors": "ATF4",
    "Maf-related": "MAF",
    "XBP-1-related factors": "XBP1",
    "Three-zinc finger Kruppel-related": "KLF/SP",
    "Ets-related": "ETS",
    "SOX-related factors": "SOX",
    "TCF-7-related factors": "TCF/LEF",
    "C4-GATA-related": "GATA",
    "Thyroid hormone receptor-related factors (NR1)": "nuclear receptor",
    "RXR-related receptors (NR2)": "nuclear receptor",
    "Steroid hormone receptors (NR3)": "steroid receptor",
    "NGFI-B-related receptors (NR4)": "nuclear receptor",
    "FTZF1-related (NR5A)": "nuclear receptor",
    "GCNF-related receptors (NR6)": "nuclear receptor",
    "Interferon-regulatory factors": "IRF",
    "Nuclear factor 1": "NFI",
    "NF-kappaB-related factors": "NF-kB",
    "NFkappaB-related": "NF-kB",
    "Rel homology region (RHR) factors": "NF-kB",
    "Rel homology domain (RHD)": "NF-kB",
    "Helix-Loop-Helix": "bHLH",
    "High Mobility Group box (HMG)": "HMG",
    "TEF-1-related factors": "TEAD",
    "TBX1-related factors": "T-box",
    "TBX2-related factors": "T-box",
    "TBX6-related factors": "T-box",
    "TBrain-related factors": "T-box",
    "Brachyury-related factors": "T-box",
    "Heteromeric CCAAT-binding": "NF-Y",
    "Heteromeric CCAAT-binding factors": "NF-Y",
    "Myb/SANT domain factors": "MYB",
    "Myb-SANT": "MYB",
    "MYB-related": "MYB",
    "Runt-related factors": "RUNX",
    "Early B-Cell Factor-related factors": "EBF",
    "HSF factors": "heat shock factor",
    "HSF": "heat shock factor",
    "Regulators of differentiation": "MADS box",
    "Responders to external signals (SRF/RLM1)": "MADS box",
    "Type II": "MADS box",
    "MIKC": "MADS box",
    "MADS box factors": "MADS box",
    "TBP-related factors": "TBP",
    "tesmin/TSO1-family": "CPP",
    "Basic leucine zipper factors (bZIP)": "bZIP",
    "Basic helix-loop-helix factors (bHLH)": "bHLH",
    "High-mobility group (HMG) domain factors": "HMG",
    "C6 zinc cluster factors": "C6 zinc cluster",
    "APSES-type DNA-binding domain": "APSES",
    "Homeo domain factors": "homeodomain",
    "Fork head/winged helix factors": "forkhead",
    "A.T hook factors": "AT hook",
    "GARP_G2-like": "G2-like",
    "GARP_ARR-B": "ARR-B",
    "ERF/DREB": "ERF",
}
# Words that say no more than that it is a family, at the end of a name.
_ENDINGS = re.compile(r"([- ]related)?( (factors|receptors|domain factors|domain))?$")
_BZIP_GROUP = re.compile(r"([Gg]roup )?[A-Z]$")


def label_of(tf_class: Sequence[str], tf_family: Sequence[str]) -> str:
    """Give the short label of a profile; empty where its family has no word of its own.

    Parameters
    ----------
    tf_class, tf_family : sequence of str
        As JASPAR gives them, several for a pair of factors. Without a family the class counts.
    """
    names = [name.strip() for name in (tf_family or tf_class)]
    labels = list(dict.fromkeys(_label(name) for name in names))
    return "" if "" in labels else "::".join(labels)


def _label(name: str) -> str:
    if name in _NO_MOTIF:
        return ""
    if _BZIP_GROUP.match(name):
        return "bZIP"
    return _LABELS.get(name) or _ENDINGS.sub("", name)


def family_of(motif: Motif) -> str:
    """Give the label of a known motif's family; empty for what is no profile of JASPAR.

    Parameters
    ----------
    motif : Motif
        Told by its identifier, in any version.
    """
    return _shipped().get(motif.id.partition(".")[0], "")


def common_family(motifs: Sequence[Motif], close: int = 1) -> tuple[str, list[Motif]]:
    """Give the family of most of some matches, and its members among them.

    Parameters
    ----------
    motifs : sequence of Motif
        Best first.
    close : int, optional
        How many of them are as good as the first. A profile without a family stands first by
        chance before those of one (Zbtb2, whose word is that of ETS factors).

    Returns
    -------
    str, list of Motif
        The family of the first (of `close`, that has one) if several and half of all are of it,
        and those; else none, and all.
    """
    families = [family_of(motif) for motif in motifs]
    first = next((family for family in families[:close] if family), "")
    members = [one for one, family in zip(motifs, families, strict=True) if family == first]
    several = len({motif.name for motif in members}) > 1
    if first and several and len(members) >= LEAST_SHARE * len(motifs):
        return first, members
    return "", list(motifs)


@cache
def _shipped() -> dict[str, str]:
    return {row["motif"]: row["family"] for row in iterate_tsv(SHIPPED)}

"""The parts of the page that the analyses write; each is found in its folder."""

from __future__ import annotations

from nfexplainn.modules import find_modules
from nfexplainn.page.chapters import Part


def analysis_parts() -> list[Part]:
    """Give the part of every analysis, in the order of their names."""
    return [module.PART for module in find_modules("nfexplainn.analyses.*.report")]

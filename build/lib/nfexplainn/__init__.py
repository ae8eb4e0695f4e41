"""ExplaiNN, the glass-box network for regulatory genomics, from data set to annotated motifs."""

from typing import Any

__version__ = "0.1.0"
# Under which our Parquet and safetensors files keep what they say of themselves.
METADATA_KEY = "nf-explainn"


def __getattr__(name: str) -> Any:
    """Load what a notebook asks for only then: the steps import this package, and do without."""
    if name != "open_results":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from nfexplainn.library.results import open_results

    return open_results

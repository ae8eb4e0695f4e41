"""ExplaiNN, the glass-box network for regulatory genomics, from data set to annotated motifs."""

__version__ = "0.1.0"
# Under which our Parquet and safetensors files keep what they say of themselves.
METADATA_KEY = "nf-explainn"

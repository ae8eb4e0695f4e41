"""Which packages a script has used, for the report's table of versions."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import sys
from importlib import metadata
from pathlib import Path

# the pipeline's configuration sets it; unset, nothing is written
VARIABLE = "NFEXPLAINN_VERSIONS"
# name of the import: name of the package
PACKAGES = {
    "Bio": "biopython",
    "dnaio": "dnaio",
    "h5py": "h5py",
    "logomaker": "logomaker",
    "modiscolite": "modisco",
    "numpy": "numpy",
    "pandas": "pandas",
    "pyarrow": "pyarrow",
    "pybigtools": "pybigtools",
    "pyfaidx": "pyfaidx",
    "pyjaspar": "pyjaspar",
    "pysam": "pysam",
    "safetensors": "safetensors",
    "scipy": "scipy",
    "scvi": "scvi-tools",
    "sklearn": "scikit-learn",
    "tangermeme": "tangermeme",
    "torch": "torch",
    "umap": "umap-learn",
}


def used_versions() -> dict[str, str]:
    """Give the versions of Python and of the packages that were imported so far.

    Returns
    -------
    dict of str to str
        Version by the name of the package, such as ``{"Python": "3.12.4", "torch": "2.10.0"}``.
    """
    found = {"Python": platform.python_version()}
    for module, name in PACKAGES.items():
        if module in sys.modules:
            with contextlib.suppress(metadata.PackageNotFoundError):  # put there without its papers
                found[name] = metadata.version(name)
    return found


def write_versions() -> None:
    """Write :func:`used_versions` as JSON where ``$NFEXPLAINN_VERSIONS`` says, if it says so."""
    path = os.environ.get(VARIABLE)
    if path:
        Path(path).write_text(json.dumps(used_versions(), indent=1) + "\n", encoding="utf-8")

"""Read the files that a parameter gives to several data sets, before any of them is trained."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from nfexplainn.assays.spec import InputFile
from nfexplainn.errors import UserError
from nfexplainn.io.text import read_lines, read_text_lines
from nfexplainn.problems import read_each


def check_shared(
    holds: str,
    files: list[InputFile],
    length: int | None = None,
    *,
    trust_programs: bool = False,
) -> None:
    """Read files with the readers of the steps that use them.

    What depends on a data set, such as whether its genome has a blacklist's chromosomes, is for
    that data set's own steps.

    Parameters
    ----------
    holds : str
        One of :data:`READERS`, or ``models``.
    files : list of InputFile
    length : int, optional
        In bp, of the sequences that models read whose file does not tell it.
    trust_programs : bool
        Whether models may hold programs of others, which are code.

    Raises
    ------
    UserError
        For all that cannot be read.
    """
    if holds == "models":
        from nfexplainn.models.pretrained import check_readable

        def check(file: InputFile) -> None:
            check_readable(Path(file.path), length, name=file.name, trust_programs=trust_programs)

        read_each(files, check)
    else:
        read_each(files, READERS[holds])


def _intervals(file: InputFile) -> None:
    from nfexplainn.io.peak_files import read_peaks

    read_peaks(file.path, file.name)


def _blacklist(file: InputFile) -> None:
    from nfexplainn.io.peak_files import read_peaks

    read_peaks(file.path, file.name, empty=True)


def _fasta(file: InputFile) -> None:
    from nfexplainn.io.fasta import read_fasta

    read_fasta(file.path, file.name)


def _explained(file: InputFile) -> None:
    """Read sequences or intervals, as :mod:`nfexplainn.analyses.explain.sequences` does."""
    from nfexplainn.io.sequence_table import find_sequence_column, read_sequence_table

    first = next((line for line in read_lines(file.path, file.name) if line.strip()), b"")
    if first[:1] in (b">", b";", b"@"):
        _fasta(file)
    elif table := find_sequence_column(file.path, file.name):
        read_sequence_table(*table)
    else:
        _intervals(file)


def _motifs(file: InputFile) -> None:
    from nfexplainn.motifs.formats import read_motifs

    read_motifs(file.path, name=file.name)


def _variants(file: InputFile) -> None:
    """Read variants to the end; whether a genome has them, a data set's own step tells."""
    from nfexplainn.io.variant_files import read_variants

    if not sum(1 for _ in read_variants(file.path, file.name)):
        raise UserError(f"{file.name}: this file has no variant; give a file with variants.")


def _lines(file: InputFile) -> None:
    """Read a list of names, or reads in any form, to the end."""
    if not sum(1 for line in read_text_lines(file.path, file.name) if line.strip()):
        raise UserError(f"{file.name}: there is nothing in this file; fetch or make it again.")


def _clusters(file: InputFile) -> None:
    """Read a table of two columns or more; which are meant, the cells of a data set tell."""
    from nfexplainn.io.delimited import open_delimited

    table = open_delimited(file.path, file.name)
    if table.columns < 2 or not any(True for _ in table):
        raise UserError(
            f"{file.name}: this is no table of barcodes and clusters; give both in a line,"
            " separated by a tab or comma."
        )


READERS: dict[str, Callable[[InputFile], None]] = {
    "intervals": _intervals,
    "blacklist": _blacklist,
    "fasta": _fasta,
    "explain": _explained,
    "motifs": _motifs,
    "variants": _variants,
    "lines": _lines,
    "clusters": _clusters,
}

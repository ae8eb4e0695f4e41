"""The files of hits: BED with its index, regions by motifs, and a session of IGV."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path, PurePath
from types import TracebackType
from xml.sax.saxutils import quoteattr

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from nfexplainn import METADATA_KEY
from nfexplainn.io import arrow
from nfexplainn.io.genome import Genome
from nfexplainn.io.text import write_text
from nfexplainn.results.hits.finder import Scored
from nfexplainn.results.hits.regions import Regions

Ints = NDArray[np.int64]

BED_COLUMNS = (
    *("#chrom", "start", "end", "name", "score", "strand", "contribution", "same_sign"),
    *("log_odds", "motif"),
)
MOST_SCORE = 1000
THRESHOLD_COLUMNS = (
    *("motif", "name", "consensus", "supported", "task", "threshold", "positives"),
    *("positives_with_hit", "negatives", "negatives_with_hit", "fdr", "negatives_per_kb"),
    *("hits", "regions_with_hit", "regions_share", "contribution", "note"),
)


class BedWriter:
    """Write ``M.hits.bed.gz`` and its index, region by region.

    Use as a context manager: the files appear under their names only when all went well.

    Parameters
    ----------
    path : path
    genome : Genome
    ids, labels : sequence of str
        Of the motifs.
    widths : int64 array, shape (motifs,)
    best : float array, shape (motifs,)
        The highest score that each can have: 1000 in the BED.
    """

    def __init__(
        self,
        path: str | Path,
        genome: Genome,
        ids: Sequence[str],
        labels: Sequence[str],
        widths: Ints,
        best: NDArray[np.floating],
    ) -> None:
        self._path, self._genome = Path(path), genome
        self._ids, self._labels = ids, [_plain(label) for label in labels]
        self._widths, self._best = widths, best
        self._part = self._path.with_name(self._path.name + ".part")
        self.hits = 0

    def __enter__(self) -> BedWriter:
        """Write the line of the columns."""
        import pysam

        self._out = pysam.BGZFile(str(self._part), "w", None)
        self._out.write(("\t".join(BED_COLUMNS) + "\n").encode())
        return self

    def add(self, scored: Scored) -> None:
        """Write the hits of the next regions."""
        found = scored.found
        places = found.places
        motif = places.motif
        ends = places.start + self._widths[motif]
        shares = np.clip(MOST_SCORE * places.score / self._best[motif], 0, MOST_SCORE)
        columns = (
            *(found.chrom, places.start, ends, motif, np.rint(shares).astype(np.int64)),
            *(places.strand, scored.contribution, scored.same_sign, places.score),
        )
        names = self._genome.names
        lines = (
            f"{names[chrom]}\t{start}\t{end}\t{self._labels[which]}\t{share}"
            f"\t{'+' if strand > 0 else '-'}\t{gain:.5g}\t{of}\t{score:.5g}\t{self._ids[which]}\n"
            for chrom, start, end, which, share, strand, gain, of, score in zip(
                *(column.tolist() for column in columns), strict=True
            )
        )
        self._out.write("".join(lines).encode("utf-8"))
        self.hits += len(places)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Put the file in its place and index it, or remove it after an error."""
        self._out.close()
        if kind is not None:
            self._part.unlink(missing_ok=True)
            return
        self._part.replace(self._path)
        index(self._path)


def index(path: Path) -> None:
    """Write ``.tbi``, or ``.csi`` where a position is beyond the 512 Mbp that a tbi can hold."""
    import pysam

    try:
        pysam.tabix_index(str(path), preset="bed", force=True)
    except OSError:
        pysam.tabix_index(str(path), preset="bed", force=True, csi=True)


class RegionTable:
    """Count the hits of each region by motif, and add up what they contribute.

    A hit is of every region that holds its middle.

    Parameters
    ----------
    regions : Regions
    genome : Genome
    widths : int64 array, shape (motifs,)
    """

    def __init__(self, regions: Regions, genome: Genome, widths: Ints) -> None:
        base = genome.axis[regions.codes(genome)]
        self._regions, self._axis, self._widths = regions, genome.axis, widths
        self._first, self._last = base + regions.start, base + regions.end
        self._order = np.argsort(self._first, kind="stable")
        self._sorted = self._first[self._order]
        shape = (len(regions), len(widths))
        self.counts = np.zeros(shape, dtype=np.int32)
        self.sums = np.zeros(shape, dtype=np.float32)

    def add(self, scored: Scored) -> None:
        """Count the hits of some regions: of all that lie in the stretch of ``Found``."""
        found = scored.found
        low, high = np.searchsorted(self._sorted, [found.begin, found.end])
        rows = self._order[low:high]
        places = found.places
        middle = self._axis[found.chrom] + places.start + self._widths[places.motif] // 2
        for motif in np.unique(places.motif).tolist():
            own = np.flatnonzero(places.motif == motif)
            own = own[np.argsort(middle[own], kind="stable")]
            total = np.append(0.0, np.cumsum(scored.contribution[own]))
            first, last = (
                np.searchsorted(middle[own], edge[rows]) for edge in (self._first, self._last)
            )
            self.counts[rows, motif] += (last - first).astype(np.int32)
            self.sums[rows, motif] += (total[last] - total[first]).astype(np.float32)

    def write(self, path: str | Path, ids: Sequence[str], labels: Sequence[str]) -> None:
        """Write ``M.peak_by_motif.parquet``; regions in the order in which they were given."""
        regions = self._regions
        columns = {
            "peak": arrow.texts(regions.names),
            "chrom": arrow.words(regions.chrom),
            "start": arrow.numbers(regions.start),
            "end": arrow.numbers(regions.end),
        }
        for motif, id in enumerate(ids):
            columns[f"sites:{id}"] = arrow.numbers(np.ascontiguousarray(self.counts[:, motif]))
            columns[f"contribution:{id}"] = arrow.floats(np.ascontiguousarray(self.sums[:, motif]))
        names = dict(zip(ids, labels, strict=True))
        meta = {METADATA_KEY: json.dumps({"motifs": names}, sort_keys=True)}
        table = pa.table(columns).replace_schema_metadata(meta)
        path = Path(path)
        part = path.with_name(path.name + ".part")
        pq.write_table(table, str(part), compression="zstd")
        part.replace(path)


def write_session(path: str | Path, bed: str, genome: str) -> None:
    """Write a session that IGV opens: the genome by its name, the hits beside the session.

    Parameters
    ----------
    path : path
    bed : str
        Name of the BED.
    genome : str
        The file as the user wrote it: without folder and endings it is IGV's name of it.
    """
    index_of = f"{bed}.tbi" if (Path(path).parent / f"{bed}.tbi").exists() else f"{bed}.csi"
    name, at, of = quoteattr(genome_id(genome)), quoteattr(bed), quoteattr(index_of)
    text = (
        '<?xml version="1.0" encoding="UTF-8" standalone="no"?>\n'
        f'<Session genome={name} locus="All" version="8">\n'
        "    <Resources>\n"
        f'        <Resource index={of} path={at} type="bed"/>\n'
        "    </Resources>\n"
        '    <Panel name="FeaturePanel">\n'
        f'        <Track id={at} name="Motif sites" displayMode="EXPANDED" visible="true"/>\n'
        "    </Panel>\n"
        "</Session>\n"
    )
    write_text(Path(path), text)


def genome_id(name: str) -> str:
    """Give IGV's name of a genome: ``hg38`` of ``/data/hg38.fa.gz``."""
    return re.sub(r"(\.(fa|fasta|fna|gz|bgz|bz2|xz|zip))+$", "", PurePath(name).name) or name


def _plain(text: str) -> str:
    return re.sub(r"[\t\r\n]", " ", text)

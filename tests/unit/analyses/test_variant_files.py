"""Files of variants: what is read, what is left out and why, and what is written."""

from __future__ import annotations

import gzip
import json
import shlex
import subprocess
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pysam
import pytest
import torch
from variant_fixtures import HEADER, LENGTH, TASKS, bases, motif_rows, other, scorer, write_genome

from nfexplainn.analyses.variants import run
from nfexplainn.analyses.variants.alleles import Checker, Tally, check_file, read_alleles
from nfexplainn.analyses.variants.random_variants import Background
from nfexplainn.analyses.variants.run import Given, judge_all, lengths_of, told, write_summary
from nfexplainn.analyses.variants.tables import COLUMNS, STRONGEST_COLUMNS
from nfexplainn.errors import UserError
from nfexplainn.interpret.motif_rows import OTHER
from nfexplainn.io.genome import Genome, open_genome
from nfexplainn.io.tsv import iterate_tsv, read_header
from nfexplainn.io.variant_files import VariantRecord, read_variants


@pytest.fixture
def genome(tmp_path: Path) -> Genome:
    torch.set_num_threads(1)
    return write_genome(tmp_path)


def snv(genome: Genome, chrom: str, position: int, step: int = 1, id: str = ".") -> str:
    ref = bases(genome, chrom, position)
    return f"{chrom}\t{position}\t{id}\t{ref}\t{other(ref, step)}\t.\tPASS\tDP=7\n"


def genome_of(path: Path, fasta: str) -> Genome:
    path.write_text(fasta)
    return open_genome(path, path.name)


def check(path: Path, genome: Genome, offsets: tuple[int, ...] = (0,)) -> Tally:
    folder = path.parent
    return check_file(
        read_variants(path, path.name),
        Checker(path.name, genome, LENGTH, offsets),
        folder / "d.variants.parquet",
        folder / "d.variants_left_out.tsv",
    )


def alleles(folder: Path) -> list[tuple[object, ...]]:
    return [
        (one.record, one.number, one.chrom, one.position, one.id, one.ref, one.alt)
        for chunk in read_alleles(folder / "d.variants.parquet", 100)
        for one in chunk
    ]


def test_every_form_gives_the_same_alleles(genome: Genome, tmp_path: Path) -> None:
    text = HEADER.replace(
        "#CHROM",
        "##contig=<ID=chrA>\n##contig=<ID=chrB>\n"
        '##INFO=<ID=DP,Number=1,Type=Integer,Description="x">\n#CHROM',
    )
    text += snv(genome, "chrA", 300, id="rs1") + snv(genome, "chrB", 400, 2)
    (tmp_path / "plain.vcf").write_text(text)
    with gzip.open(tmp_path / "packed.vcf.gz", "wt") as packed:
        packed.write(text)
    pysam.tabix_compress(str(tmp_path / "plain.vcf"), str(tmp_path / "bgzip.vcf.gz"))
    for name, mode in (("binary.bcf", "wb"), ("raw.bcf", "wb0")):
        with (
            pysam.VariantFile(str(tmp_path / "plain.vcf")) as given,
            pysam.VariantFile(str(tmp_path / name), mode, header=given.header) as made,
        ):
            for record in given:
                made.write(record)
    a, b = bases(genome, "chrA", 300), bases(genome, "chrB", 400)
    lines = [("chrA", 300, a, other(a), "rs1"), ("chrB", 400, b, other(b, 2), "")]
    cells = ["\t".join(map(str, line)) for line in lines]
    (tmp_path / "bare.tsv").write_text("\n".join(cells) + "\n")
    (tmp_path / "head.tsv").write_text("chrom\tpos\tref\talt\tid\n" + "\n".join(cells) + "\n")
    (tmp_path / "named.csv").write_text(
        "rsID,ALT,REF,Position,Chromosome\n"
        + "".join(f"{id},{alt},{ref},{at},{chrom}\n" for chrom, at, ref, alt, id in lines)
    )
    expected = [("chrA", 300, "rs1", a, other(a)), ("chrB", 400, "", b, other(b, 2))]
    names = ["plain.vcf", "packed.vcf.gz", "bgzip.vcf.gz", "binary.bcf", "raw.bcf"]
    for name in [*names, "bare.tsv", "head.tsv", "named.csv"]:
        tally = check(tmp_path / name, genome)
        assert [one[2:] for one in alleles(tmp_path)] == expected, name
        assert (tally.records, tally.alleles, tally.judged) == (2, 2, 2)


def test_what_cannot_be_judged_is_counted_and_listed(genome: Genome, tmp_path: Path) -> None:
    at = bases(genome, "chrA", 300)
    long = bases(genome, "chrA", 600, 70)
    rows = [
        ("chrA", 300, at, f"{other(at)},<DEL>,*,{at}N,{at}", 1),
        ("chrA", 310, bases(genome, "chrA", 310), ".", 0),
        ("chrA", 320, other(bases(genome, "chrA", 320)), bases(genome, "chrA", 320), 0),
        ("chrA", 5, bases(genome, "chrA", 5), other(bases(genome, "chrA", 5)), 0),
        ("chrA", 3990, bases(genome, "chrA", 3990), other(bases(genome, "chrA", 3990)), 0),
        ("chrA", 600, long, long[0], 0),
        ("chrA", 700, bases(genome, "chrA", 700), bases(genome, "chrA", 700) + "A" * 80, 0),
        ("chrA", 9000, "A", "C", 0),
        ("chrA", 800, bases(genome, "chrA", 800), "G]chrB:3]", 0),
        ("chrB", 30, bases(genome, "chrB", 30, 9), bases(genome, "chrB", 30), 0),
        ("chrA", 2003, "N", "A", 1),
        ("chrA", 2005, "A", "C", 1),
    ]
    text = HEADER + "".join(f"{c}\t{p}\t.\t{r}\t{a}\t.\t.\t.\n" for c, p, r, a, _ in rows)
    (tmp_path / "in.vcf").write_text(text)
    tally = check(tmp_path / "in.vcf", genome)
    assert dict(tally.left_out) == {
        "ALT is symbolic, a breakend or *": 3,
        "ALT holds letters other than A, C, G, T": 1,
        "ALT equals REF": 1,
        "no ALT allele": 1,
        "REF differs from the genome": 1,
        "window over the end of its chromosome": 3,
        "longer than the model's window": 2,
        "beyond the end of its chromosome": 1,
    }
    assert tally.judged == sum(row[-1] for row in rows) and tally.alleles == 16
    listed = list(iterate_tsv(tmp_path / "d.variants_left_out.tsv"))
    assert len(listed) == tally.alleles - tally.judged
    assert listed[0] == {
        **{"record": "1", "chrom": "chrA", "pos": "300", "id": "", "ref": at, "alt": "<DEL>"},
        "reason": "ALT is symbolic, a breakend or *",
    }
    wide = check_file(
        read_variants(tmp_path / "in.vcf", "in.vcf"),
        Checker("in.vcf", genome, LENGTH, (-29, 0, 29)),
        tmp_path / "d.variants.parquet",
        tmp_path / "d.variants_left_out.tsv",
    )
    assert wide.judged < tally.judged + 1


def mostly_wrong(genome: Genome, turn: bool) -> list[str]:
    rows = []
    for at in range(100, 400, 10):
        ref = bases(genome, "chrA", at)
        if at % 3 == 0:
            ref = {"A": "T", "C": "G", "G": "C", "T": "A"}[ref] if turn else other(ref)
        rows.append(f"chrA\t{at}\t.\t{ref}\t{other(ref, 2)}\t.\t.\t.\n")
    return rows


@pytest.mark.parametrize(("turn", "word"), [(True, "other strand"), (False, "another assembly")])
def test_many_mismatches_have_a_likely_reason(
    turn: bool, word: str, genome: Genome, tmp_path: Path
) -> None:
    (tmp_path / "in.vcf").write_text(HEADER + "".join(mostly_wrong(genome, turn)))
    tally = check(tmp_path / "in.vcf", genome)
    assert tally.left_out["REF differs from the genome"] == 10
    note = tally.note("genome.fa")
    assert word in note and "10 of 30 alleles" in note
    assert told(tally, "in.vcf", "genome.fa")["note"] == note


def test_letters_of_ref_stand_for_the_bases_that_iupac_says(genome: Genome, tmp_path: Path) -> None:
    # Of A, C, G, T by hand.
    letters = {"R": "AG", "Y": "CT", "M": "AC", "B": "CGT", "N": "ACGT", "E": "", "X": "", "é": ""}
    of_base = {bases(genome, "chrA", at): at for at in range(300, 400)}
    lines, expected = [], []
    for letter, stands_for in letters.items():
        for base, at in of_base.items():
            lines.append(f"chrA\t{at}\t{letter}\t{other(base)}\t{letter}_{base}\n")
            expected += [f"{letter}_{base}"] * (base in stands_for)
    word = next(at for at in range(500, 600) if bases(genome, "chrA", at) in "AT")
    lines.append(f"chrA\t{word}\tSNV\tA\tno bases\n")
    (tmp_path / "in.tsv").write_text("".join(lines))
    tally = check(tmp_path / "in.tsv", genome)
    assert [one[4] for one in alleles(tmp_path)] == expected
    assert tally.left_out == {"REF differs from the genome": len(lines) - len(expected)}


def test_positions_that_count_from_0_are_told(genome: Genome, tmp_path: Path) -> None:
    lines = [
        f"chrA\t{at - 1}\t{bases(genome, 'chrA', at)}\t{other(bases(genome, 'chrA', at))}\n"
        for at in range(300, 600, 7)
    ]
    lines += [f"chrB\t9\t{bases(genome, 'chrB', 10, 3)}\tA\n"]
    (tmp_path / "in.tsv").write_text("".join(lines))
    note = check(tmp_path / "in.tsv", genome).note("genome.fa")
    assert "positions are 1-based here, so add 1 to each" in note


def sentence_cases(genome: Genome) -> dict[str, tuple[bytes | str, str]]:
    line = snv(genome, "chrA", 300)
    bare = line.replace("chrA", "A", 1)
    wrong = mostly_wrong(genome, False)
    packed = gzip.compress((HEADER + line * 3000).encode())
    return {
        "empty": ("", "the file is empty"),
        "blank": ("\n\n", "the file is empty"),
        "no variant": (HEADER, "this file has no variant"),
        "no header": (line, "this VCF has no header"),
        "half a header": (HEADER.split("\n", 1)[1] + line, "this VCF has no header"),
        "without chr": (HEADER + bare, "none of its chromosomes (A) is in the genome"),
        "spelling": (HEADER + bare, "write 'chrA' for 'A' (sed -E '/^#/!s/^(chr)?/chr/')"),
        "unknown": (HEADER + line.replace("chrA", "chrQ"), "none of its chromosomes (chrQ)"),
        "half without chr": (HEADER + line + bare, "on chromosomes with other names"),
        "assembly": (
            HEADER + "".join(row for row in wrong if int(row.split()[1]) % 3 == 0),
            "another assembly",
        ),
        "symbolic": (HEADER + "chrA\t300\t.\tA\t<DEL>\t.\t.\t.\n", "none of its 1 alleles can be"),
        "position": (HEADER + line.replace("\t300\t", "\tten\t"), "record 1 cannot be read"),
        "zero": (HEADER + line.replace("\t300\t", "\t0\t"), "beyond the end of its chromosome: 1"),
        "cut line": (HEADER + line + "chrA\t300\n", "record 2 cannot be read"),
        "cut file": (packed[: len(packed) // 2], "in.txt"),
        "table without alt": ("chrom\tpos\tref\nchrA\t300\tA\n", "no column alt"),
        "table of two": ("chrA\t300\n", "these are not variants"),
        "table position": ("chrom\tpos\tref\talt\nchrA\tx\tA\tC\n", "line 2: the position 'x'"),
        "table negative": ("chrA\t-3\tA\tC\n", "is not a whole number of 1 or more"),
        "table ref": ("chrA\t300\t-\tC\n", "the ref '-' holds no bases"),
        "bed": ("chrA\t299\t300\n", "these are not variants"),
        "fasta": (">chrA\nACGT\n", "in.txt"),
        "bytes": (bytes(range(256)) * 8, "in.txt"),
        "mark": ("\ufeff" + HEADER + line, "begins with a byte order mark; save it as UTF-8"),
        "five columns": (
            HEADER.replace("\tQUAL\tFILTER\tINFO", "") + line,
            "its line #CHROM has 5 of the 8 columns; write it as VCF 4, with tabs",
        ),
        "spaces": ((HEADER + line).replace("\t", " "), "has 1 of the 8 columns; write it as VCF 4"),
        "no line #CHROM": (HEADER.split("\n")[0] + "\n" + line, "has no line #CHROM; write it"),
        "bcf": (b"BCF\x02\x02" + bytes(40), "in.txt"),
    }


NAMES = (
    *("empty", "blank", "no variant", "no header", "half a header", "without chr", "spelling"),
    *("unknown", "half without chr", "assembly", "symbolic", "position", "zero", "cut line"),
    *("cut file", "table without alt", "table of two", "table position", "table negative"),
    *("table ref", "bed", "fasta", "bytes", "bcf"),
    *("mark", "five columns", "spaces", "no line #CHROM"),
)


@pytest.mark.parametrize("name", NAMES)
def test_mistakes_are_sentences(name: str, genome: Genome, tmp_path: Path) -> None:
    content, sentence = sentence_cases(genome)[name]
    path = tmp_path / "in.txt"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(UserError) as caught:
        check(path, genome)
    text = str(caught.value)
    assert str(tmp_path) not in text
    assert sentence in text and text.startswith("in.txt") and text.endswith((".", ")."))
    assert not list(tmp_path.glob("*.part")) and not list(tmp_path.glob("d.variants*"))


@pytest.mark.parametrize("header", [HEADER, "chrom\tpos\tid\tref\talt\tqual\tfilter\n", ""])
@pytest.mark.parametrize("without", ["genome", "file"])
def test_the_command_that_renames_chromosomes_makes_the_file_fit(
    header: str, without: str, genome: Genome, tmp_path: Path
) -> None:
    lines = [snv(genome, "chrA", at) for at in (300, 310)]
    if not header:
        lines = [
            "\t".join((*line.split("\t")[:2], *line.split("\t")[3:5])) + "\n" for line in lines
        ]
    elif "##" not in header:
        lines = [line.rpartition("\t")[0] + "\n" for line in lines]
    text = header + "".join(lines)
    if without == "genome":
        fasta = genome.path.read_text().replace(">chr", ">")
        genome = genome_of(tmp_path / "bare.fa", fasta)
    else:
        text = header + "".join(line.removeprefix("chr") for line in lines)
    (tmp_path / "in.txt").write_text(text)
    with pytest.raises(UserError) as caught:
        check(tmp_path / "in.txt", genome)
    command = str(caught.value).rpartition("(sed ")[2].rpartition(")")[0]
    with (tmp_path / "in.txt").open() as given, (tmp_path / "out.txt").open("w") as made:
        subprocess.run(["sed", *shlex.split(command)], stdin=given, stdout=made, check=True)
    assert check(tmp_path / "out.txt", genome).judged == 2


def test_a_missing_file_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such file"):
        list(read_variants(tmp_path / "none.vcf", "none.vcf"))


def test_names_of_records(tmp_path: Path) -> None:
    (tmp_path / "in.tsv").write_text("# by hand\nchrom\tpos\tref\talt\nchrA\t3\ta\tg,tt\n")
    assert list(read_variants(tmp_path / "in.tsv", "in.tsv")) == [
        VariantRecord(3, "chrA", 3, "", "A", ("G", "TT"))
    ]


def judged(path: Path, genome: Genome) -> list[list[object]]:
    check(path, genome)
    given = Given(path.parent / "d.variants.parquet", path, path.name)
    sizes = np.sort(np.abs(np.random.default_rng(1).normal(size=(99, 2))), axis=0)
    background = Background({"SNV": sizes, "insertion": sizes})
    strongest = judge_all(scorer(genome), background, genome, given, path.parent / "d.explainn")
    read = {"file": path.name, "judged": 3}
    write_summary(path.parent / "d.explainn", strongest, read, background, 2)
    return strongest


def test_files_agree_with_each_other(genome: Genome, tmp_path: Path) -> None:
    at = bases(genome, "chrA", 500)
    text = HEADER + snv(genome, "chrA", 300, id="rs1")
    text += f"chrA\t500\t.\t{at}\t<DEL>,{at}TGA,{other(at)}\t.\t.\tFOO\n"
    text += "chrZ\t5\t.\tA\tC\t9\t.\t.\n"
    text += snv(genome, "chrB", 400)
    (tmp_path / "in.vcf").write_text(text)
    strongest = judged(tmp_path / "in.vcf", genome)
    rows = list(iterate_tsv(tmp_path / "d.explainn.variants.tsv"))
    assert read_header(tmp_path / "d.explainn.variants.tsv") == list(COLUMNS)
    assert [(row["pos"], row["alt"], row["task"]) for row in rows[:2]] == [
        ("300", other(bases(genome, "chrA", 300)), task) for task in TASKS
    ]
    assert len(rows) == 8 and [row["kind"] for row in rows[2:4]] == ["insertion"] * 2
    full = pq.read_table(tmp_path / "d.explainn.variants.parquet")
    assert full.num_rows == 8
    meta = json.loads(full.schema.metadata[b"nf-explainn"])
    ids = [*motif_rows().ids, OTHER]
    assert list(meta["motifs"]) == sorted(ids)
    columns = full.to_pydict()
    parts = np.array([columns[f"part:{row}"] for row in ids])
    assert np.abs(parts.sum(axis=0) - columns["delta"]).max() < 1e-5
    for row, delta, motif in zip(rows, columns["delta"], columns["motif"], strict=True):
        own = [float(row[f"part_{number}"] or 0) for number in (1, 2, 3)]
        assert sum(own) + float(row["rest"]) == pytest.approx(delta, abs=1e-4)
        assert float(row["logit_alt"]) - float(row["logit_ref"]) == pytest.approx(delta, abs=1e-4)
        assert row["motif_1"] == motif and sorted(map(abs, own), reverse=True) == list(
            map(abs, own)
        )
        assert float(row["delta_min"]) <= float(row["delta"]) <= float(row["delta_max"])
    assert [len(cells) for cells in strongest] == [len(STRONGEST_COLUMNS)] * 4
    with pysam.VariantFile(str(tmp_path / "d.explainn.variants.vcf.gz")) as read:
        records = list(read)
        assert [one.pos for one in records] == [300, 500, 5, 400]
        assert records[0].id == "rs1" and records[0].info["DP"] == "7"
        assert list(records[1].filter) == [] and "FOO" in records[1].info
        assert records[1].info["NFX_DELTA"][0] is None
        best = max(rows[2:4], key=lambda row: abs(float(row["delta"])))
        assert records[1].info["NFX_DELTA"][1] == pytest.approx(float(best["delta"]), rel=1e-3)
        assert "NFX" not in records[2].info and records[2].qual == 9
        first = records[0].info["NFX"][0].split("|")
        fields = read.header.info["NFX"].description.rpartition(": ")[2].split("|")
        said = dict(zip(fields, first, strict=True))
        assert said["Allele"] == rows[0]["alt"] and said["Task"] in TASKS
        mine = rows[TASKS.index(said["Task"])]
        assert float(said["Delta"]) == pytest.approx(float(mine["delta"]), rel=1e-3)
        assert float(said["Rest"]) == pytest.approx(float(mine["rest"]), rel=1e-3, abs=1e-6)
    # The records on a chromosome stand apart from each other: no index.
    assert (tmp_path / "d.explainn.variants.vcf.gz.tbi").exists()


def test_the_strongest_are_those_with_the_largest_change(genome: Genome, tmp_path: Path) -> None:
    text = HEADER + "".join(snv(genome, "chrA", at) for at in range(100, 1600, 30))
    (tmp_path / "in.vcf").write_text(text)
    strongest = judged(tmp_path / "in.vcf", genome)
    rows = list(iterate_tsv(tmp_path / "d.explainn.variants.tsv"))
    best: dict[str, float] = {}
    for row in rows:
        best[row["pos"]] = max(best.get(row["pos"], 0.0), abs(float(row["delta"])))
    expected = sorted(best, key=lambda at: -best[at])[:20]
    assert [str(cells[1]) for cells in strongest] == expected
    summary = json.loads((tmp_path / "d.explainn.variants_summary.json").read_text())
    assert summary["random"] == {"SNV": 99, "insertion": 99} and summary["replicates"] == 2
    with pysam.TabixFile(str(tmp_path / "d.explainn.variants.vcf.gz")) as index:
        assert len(list(index.fetch("chrA", 99, 130))) == 2


def test_a_table_becomes_a_vcf_and_is_judged_again_alike(genome: Genome, tmp_path: Path) -> None:
    at = bases(genome, "chrA", 500)
    lines = [
        f"chrA\t500\t{at}\t{other(at)},{at}G\t1:5;7\n",
        f"chrA\t300\t{bases(genome, 'chrA', 300)}\tN\t\n",
    ]
    ref = bases(genome, "chrB", 300)
    (tmp_path / "in.tsv").write_text("".join(lines) + f"chrB\t300\t{ref}\t{other(ref)}\t\n")
    judged(tmp_path / "in.tsv", genome)
    first = (tmp_path / "d.explainn.variants.tsv").read_text()
    made = tmp_path / "again.vcf.gz"
    (tmp_path / "d.explainn.variants.vcf.gz").rename(made)
    with pysam.VariantFile(str(made)) as read:
        assert dict(read.header.contigs.items())["chrB"].length == 900
        assert [one.alts for one in read] == [(other(at), at + "G"), (other(ref),)]
    judged(made, genome)
    again = (tmp_path / "d.explainn.variants.tsv").read_text()
    assert again.replace("1:5%3B7", "1:5;7") == first
    with pysam.VariantFile(str(tmp_path / "d.explainn.variants.vcf.gz")) as read:
        record = next(read)
        assert len(record.info["NFX_DELTA"]) == 2 and len(record.info["NFX"]) == 4


@pytest.mark.parametrize("name", ["in.vcf", "in.tsv"])
def test_alleles_of_a_record_are_written_together_wherever_a_chunk_ends(
    name: str, genome: Genome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "CHUNK", 3)
    places = (300, 310, 320, 330, 340)
    lines = []
    for at in places:
        ref = bases(genome, "chrA", at)
        alts = ",".join(other(ref, step) for step in (1, 2, 3)[: 1 + at % 20 // 5])
        cells = ("chrA", at, ref, alts) if name == "in.tsv" else ("chrA", at, ".", ref, alts)
        lines.append("\t".join(map(str, cells)) + ("\n" if name == "in.tsv" else "\t.\t.\t.\n"))
    text = "".join(lines)
    (tmp_path / name).write_text(text if name == "in.tsv" else HEADER + text)
    judged(tmp_path / name, genome)
    with pysam.VariantFile(str(tmp_path / "d.explainn.variants.vcf.gz")) as read:
        found = {record.pos: record.info["NFX_DELTA"] for record in read}
    assert [(at, len(deltas)) for at, deltas in found.items()] == [
        (at, 1 + at % 20 // 5) for at in places
    ]
    assert None not in [delta for deltas in found.values() for delta in deltas]


def test_chromosomes_too_long_for_a_tbi_have_a_csi(genome: Genome, tmp_path: Path) -> None:
    text = HEADER + snv(genome, "chrA", 300) + "chr3H\t600000000\t.\tA\tC\t.\t.\t.\n"
    (tmp_path / "in.vcf").write_text(text)
    judged(tmp_path / "in.vcf", genome)
    made = tmp_path / "d.explainn.variants.vcf.gz"
    assert not made.with_name(f"{made.name}.tbi").exists()
    with pysam.TabixFile(str(made), index=f"{made}.csi") as index:
        assert len(list(index.fetch("chr3H", 599_999_999, 600_000_000))) == 1


def test_telomeres_as_vcf_writes_them_are_left_out(genome: Genome, tmp_path: Path) -> None:
    text = HEADER + "chrA\t0\tbnd\tN\t.[chrB:5[\t.\t.\t.\nchrA\t0\t.\tN\tA\t.\t.\t.\n"
    text += snv(genome, "chrA", 300) + "chrA\t4001\tbnd\tN\t]chrB:5]N\t.\t.\t.\n"
    (tmp_path / "in.vcf").write_text(text)
    judged(tmp_path / "in.vcf", genome)
    assert [row["reason"] for row in iterate_tsv(tmp_path / "d.variants_left_out.tsv")] == [
        "ALT is symbolic, a breakend or *",
        "beyond the end of its chromosome",
        "ALT is symbolic, a breakend or *",
    ]
    with pysam.VariantFile(str(tmp_path / "d.explainn.variants.vcf.gz")) as read:
        assert [(one.pos, "NFX" in one.info) for one in read] == [
            *[(0, False), (0, False), (300, True), (4001, False)]
        ]


def test_a_file_that_has_changed_since_is_refused(genome: Genome, tmp_path: Path) -> None:
    path = tmp_path / "in.vcf"
    path.write_text(HEADER + snv(genome, "chrA", 300) + snv(genome, "chrA", 400))
    check(path, genome)
    path.write_text(HEADER + snv(genome, "chrA", 300))
    given = Given(tmp_path / "d.variants.parquet", path, path.name)
    with pytest.raises(UserError, match=r"in\.vcf: record 2 is no longer there"):
        judge_all(scorer(genome), Background({}), genome, given, tmp_path / "d.explainn")
    assert not list(tmp_path.glob("d.explainn.*"))


def test_kinds_and_lengths_are_those_of_the_input(genome: Genome, tmp_path: Path) -> None:
    at = bases(genome, "chrA", 500)
    (tmp_path / "in.tsv").write_text(f"chrA\t500\t{at}\t{at}GG,{other(at)}\n")
    check(tmp_path / "in.tsv", genome)
    assert lengths_of(tmp_path / "d.variants.parquet") == {"SNV": [(1, 1)], "insertion": [(0, 2)]}

# ruff: noqa: E501 (sentences in one piece can be searched for)
"""Mistakes in parameters and sheets: every one gets its sentence, all of them at once."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import nfexplainn
from nextflow_runs import DEMO, ROOT, Run, judged, nextflow_command, run_nextflow, write_sheet

SCHEMA = json.loads((ROOT / "nextflow_schema.json").read_text())
SHEET = json.loads((ROOT / "assets" / "schema_input.json").read_text())["items"]
PARAMETERS = {k: v for group in SCHEMA["$defs"].values() for k, v in group["properties"].items()}
PROPERTIES = [("params", name, prop) for name, prop in PARAMETERS.items()]
PROPERTIES += [("sheet", name, prop) for name, prop in SHEET["properties"].items()]

# A whole sheet and the sentences that it must give; {} is the folder of the test.
GOOD = "sample,assay,data\na,sequences,oct4.fa\n"
SHEETS: dict[str, tuple[str | bytes, list[str]]] = {
    "empty.csv": (
        "",
        [
            "empty.csv: the samplesheet is empty; its first line must name the columns sample, assay, data."
        ],
    ),
    "blank.csv": ("\n \n,,\n", ["blank.csv: the samplesheet is empty;"]),
    "header_only.csv": (
        "sample,assay,data\n",
        ["header_only.csv: there are no rows below the column names."],
    ),
    "general_conditions.csv": (
        "sample,assay,data\na,sequences,oct4.fa\n",
        [
            "line 2: 'a' is of the assay sequences, but conditions are compared by measured values, which it does not have; give the signal of each sample (assay accessibility), or give --conditions as the column conditions, in the rows that it is for."
        ],
    ),
    "excel.csv": (
        b"PK\x03\x04rest",
        ["excel.csv: the samplesheet is a spreadsheet; save it as CSV."],
    ),
    "packed.csv": (
        b"\x1f\x8b\x08\x00",
        ["packed.csv: the samplesheet is gzip-compressed; unpack it."],
    ),
    "utf16.csv": (
        GOOD.encode("utf-16"),
        ["utf16.csv: the samplesheet is UTF-16; save it as UTF-8."],
    ),
    "binary.csv": (b"a,\x00b", ["binary.csv: the samplesheet is binary; give a CSV or TSV file."]),
    "latin.csv": (
        "sample,assay,data\nma\xdf,sequences,a.fa\n".encode("latin-1"),
        ["latin.csv: the samplesheet is not UTF-8 text; save it as UTF-8."],
    ),
    "quote.csv": (
        'sample,assay,data\na,sequences,"oct4.fa\n',
        ["quote.csv, line 2: a quotation mark is opened and never closed."],
    ),
    # the first is that of shared/field/faults/inject: it ran on the host
    "newline.csv": (
        'sample,assay,data,genome\nA,peaks,mine.bed,"x\nid > PWNED\n#/../g.fa"\n',
        [
            "newline.csv, line 2, column genome: it holds the control character U+000A, the end of a line;"
        ],
    ),
    "control.csv": (
        "sample,assay,data,label,la\x1bbel,mode_clusters\n"
        '"a\n",sequences,oct4.fa,"b\tc",x,\n'
        "b,sequences,oct4.fa\x01,\u2028b,x,\n"
        '"c",sequences,oct4.fa,a\u202eb,x,"m\x7f.tsv"\n'
        "d,sequences,oct4.fa, b\xa0c\u200dd ,x,\n",
        [
            "control.csv, line 1, column 5, its name: it holds the control character U+001B; remove it",
            "control.csv, line 2, column sample: it holds the control character U+000A, the end of a line;",
            "control.csv, line 2, column label: it holds the control character U+0009, a tab;",
            "control.csv, line 4, column data: it holds the control character U+0001; remove it",
            "control.csv, line 4, column label: it holds the control character U+2028, the end of a line;",
            "control.csv, line 5, column label: it holds the control character U+202E; remove it",
            "control.csv, line 5, column mode_clusters: it holds the control character U+007F; remove it",
        ],
    ),
    # Nextflow leaves these unquoted in the scripts that stage files
    "expanded.csv": (
        'sample,assay,data\na,sequences,a$HOME.fa\nb,sequences,"a{b,c}.fa"\nc,sequences,a?.fa\n'
        "d,sequences,a $(id) [x] {b}!.fa\ne,sequences,a$[1].fa\n",
        [
            "expanded.csv, line 2, column data: {}/a$HOME.fa cannot be passed to a task: a shell expands '$HOME' in its path; rename it",
            "expanded.csv, line 3, column data: {}/a{b,c}.fa cannot be passed to a task: a shell expands '{b,c}' in its path; rename it",
            "expanded.csv, line 4, column data: {}/a?.fa cannot be passed to a task: as a pattern it is also a1.fa; rename one of them",
            "expanded.csv, line 6, column data: {}/a$[1].fa cannot be passed to a task: a shell expands '$[1' in its path; rename it",
        ],
    ),
    "held_of_nothing.csv": (
        "sample,assay,data,initial_filters\na,sequences,oct4.fa,frozen\n",
        [
            "held_of_nothing.csv, line 2: initial_filters frozen needs profiles to start from; give initial_motifs"
        ],
    ),
    "released_of_nothing.csv": (
        "sample,assay,data,initial_epochs\na,sequences,oct4.fa,3\n",
        [
            "released_of_nothing.csv, line 2: initial_epochs 3 needs profiles to start from; give initial_motifs"
        ],
    ),
    "profiles_missing.csv": (
        "sample,assay,data,initial_motifs\na,sequences,oct4.fa,mine.meme\n",
        [
            "profiles_missing.csv, line 2, initial_motifs: there is no file {}/mine.meme; give jaspar (the known motifs), or a motif file."
        ],
    ),
    "profiles_without_units.csv": (
        "sample,assay,data,initial_motifs,models\na,sequences,oct4.fa,jaspar,danq\n",
        [
            "profiles_without_units.csv, line 2: initial_motifs is for the filters of the model explainn, but models is danq; add explainn"
        ],
    ),
    "profiles_and_sizes.csv": (
        'sample,assay,data,initial_motifs,units\na,sequences,oct4.fa,jaspar,"4,8"\n',
        [
            "profiles_and_sizes.csv, line 2: initial_motifs sets the number of units (two per profile), but units is 4,8; give one number"
        ],
    ),
    "profiles_count.csv": (
        "sample,assay,data,initial_motifs,initial_count\na,sequences,oct4.fa,jaspar,half\n",
        [
            "profiles_count.csv, line 2, column initial_count: 'half' cannot be used: give a whole number of at least 1, or all."
        ],
    ),
    "profiles_held.csv": (
        "sample,assay,data,initial_motifs,initial_filters\na,sequences,oct4.fa,jaspar,freeze\n",
        [
            "profiles_held.csv, line 2, column initial_filters: 'freeze' is not one of free, frozen, released"
        ],
    ),
    "profiles_never_released.csv": (
        "sample,assay,data,initial_motifs,initial_filters,initial_epochs\na,sequences,oct4.fa,jaspar,frozen,5\n",
        [
            "profiles_never_released.csv, line 2: initial_epochs 5 says when filters are released, but initial_filters is frozen; use initial_filters released"
        ],
    ),
    "profiles_late.csv": (
        "sample,assay,data,initial_motifs,initial_filters,initial_epochs\na,sequences,oct4.fa,jaspar,released,500\n",
        [
            "profiles_late.csv, line 2: initial_epochs 500 is more than max_epochs 100; choose at most 100."
        ],
    ),
    "transfer_of_nothing.csv": (
        'sample,assay,data,models\na,sequences,oct4.fa,"single_layer,nam"\n',
        [
            "transfer_of_nothing.csv, line 2: the models single_layer and nam are built on trained models; give pretrained"
        ],
    ),
    "transfer_to_nothing.csv": (
        "sample,assay,data,pretrained\na,sequences,oct4.fa,oct4.fa\n",
        [
            "transfer_to_nothing.csv, line 2: pretrained models are used by the models nam and single_layer, but models is explainn; add one of them",
            "transfer_to_nothing.csv, line 2, pretrained: oct4.fa is not a model file; give *.safetensors",
        ],
    ),
    "transfer_length.csv": (
        "sample,assay,data,pretrained_length\na,sequences,oct4.fa,200\n",
        [
            "transfer_length.csv, line 2: pretrained_length 200 needs pretrained models; give pretrained"
        ],
    ),
    "transfer_missing.csv": (
        "sample,assay,data,models,pretrained\na,sequences,oct4.fa,nam,old_results\n",
        [
            "transfer_missing.csv, line 2, pretrained: there is no file or folder {}/old_results; give the results folder of an earlier run"
        ],
    ),
    "transfer_empty.csv": (
        "sample,assay,data,models,pretrained\na,sequences,oct4.fa,nam,empty_results\n",
        [
            "transfer_empty.csv, line 2, pretrained: there is no <data set>/<model>/*.model.safetensors in {}/empty_results; give the results folder of a finished run."
        ],
    ),
    "transfer_list.csv": (
        "sample,assay,data,models,pretrained\na,sequences,oct4.fa,nam,models.txt\n",
        [
            "transfer_list.csv, line 2, pretrained: models.txt, line 3: there is no file {}/gone.pth; write one path of a model per line"
        ],
    ),
    "transfer_recipe.csv": (
        "sample,assay,data,models,pretrained,recipe\na,sequences,oct4.fa,nam,old.pth,robust\n",
        [
            "transfer_recipe.csv, line 2: recipe robust changes the sequences in every epoch, but the outputs of pretrained models are computed once; leave recipe out, which trains nam by the paper's recipe and other models by robust, or use recipe paper."
        ],
    ),
    "transfer_names.csv": (
        "sample,assay,data,models,pretrained\na,sequences,oct4.fa,nam,twice.txt\n",
        [
            "transfer_names.csv, line 2, pretrained: 2 models are called old.pth ({}, {}/other); rename them."
        ],
    ),
    "columns.csv": (
        "sample,assay,asay,sample,\na,sequences,,b,x\n",
        [
            "columns.csv, line 1: there is no column 'asay'; did you mean assay?",
            "columns.csv, line 1: the column 'sample' occurs more than once; keep one.",
            "columns.csv, line 1: the column 'data' is missing; the first line must name sample, assay, data.",
            "columns.csv, line 2: 5 cells, but the first line names 4 columns;",
        ],
    ),
    "title.csv": (
        "My samples,,\nsample,assay,data\na,sequences,oct4.fa\nb,sequences,oct4.fa\n",
        [
            "title.csv, line 1: 'My samples' stands where the column names are expected; the first line must name sample, assay, data."
        ],
    ),
    "header_and_cells.csv": (
        "sample,assay,data,negative,widht\na,sequences,gone.fa,x,3\nb,sequence,oct4.fa,,\n",
        [
            "header_and_cells.csv, line 1: there is no column 'negative'; did you mean negatives?",
            "header_and_cells.csv, line 1: there is no column 'widht'; did you mean width?",
            "header_and_cells.csv, line 2, column data: there is no file {}/gone.fa",
            "header_and_cells.csv, line 3, column assay: 'sequence' is not one of",
        ],
    ),
    "short.csv": (
        "sample,assay,data\na,sequences\n",
        ["short.csv, line 2: 2 cells, but the first line names 3 columns;"],
    ),
    "cells.csv": (
        "sample,assay,data,width,units,split,negatives_ratio,reverse_complement,seed_\n".replace(
            ",seed_", ""
        )
        + "a b,sequences,oct4.fa,200,,,,\n"
        + "b,sequence,oct4.fa,,,,,\n"
        + ",sequences,oct4.fa,,,,,\n"
        + "c,sequences,nowhere.fa,,,,,\n"
        + "d,sequences,.,,,,,\n"
        + "e,sequences,oct4.fa,wide,1.5,training,0,maybe\n"
        + "f,sequences,oct4.fa,10,,,,\n"
        + "F,sequences,oct4.fa,,,,,\n"
        + "tables,sequences,oct4.fa,,,,,\n"
        + "sequence,sequences,oct4.fa,,,,,\n",
        [
            "cells.csv, line 2, column sample: 'a b' cannot be used: use letters, digits, - and _",
            "cells.csv, line 3, column assay: 'sequence' is not one of peaks, cuttag, cutandrun, sequences,",
            "cells.csv, line 4, column sample: the cell is empty;",
            "cells.csv, line 5, column data: there is no file {}/nowhere.fa (paths are relative to the sheet).",
            "cells.csv, line 6, column data: {} is a folder, not a file",
            "cells.csv, line 7, column width: 'wide' is not a whole number.",
            "cells.csv, line 7, column units: '1.5' cannot be used: give a whole number from 1 to 10000, or several",
            "cells.csv, line 7, column split: 'training' is not one of train, valid, test; did you mean train?",
            "cells.csv, line 7, column negatives_ratio: '0' must be more than 0.",
            "cells.csv, line 7, column reverse_complement: 'maybe' is not true or false.",
            "cells.csv, line 8, column width: '10' must be at least 25.",
            "cells.csv, lines 8 and 9, column sample: 'f' occurs 2 times;",
            "cells.csv, lines 8 and 9, column dataset: f and F differ only in upper and lower case;",
            "cells.csv, line 10: 'tables' is a folder of the results; choose another name",
            "cells.csv, line 11: 'sequence' is a column of the data sets; choose another name",
        ],
    ),
    # Only a path that was given relative to the sheet is said to be so.
    "elsewhere.csv": (
        "sample,assay,data\na,sequences,/nowhere/x.fa\nb,sequences,https://127.0.0.1:9/x.fa\n",
        [
            "elsewhere.csv, line 2, column data: there is no file /nowhere/x.fa.",
            "elsewhere.csv, line 3, column data: https://127.0.0.1:9/x.fa does not exist or cannot be reached; open it in a browser, or download it and give its path.",
        ],
    ),
    "groups.csv": (
        "sample,assay,data,dataset,units,negatives,genome\n"
        "a,sequences,oct4.fa,d,10,,\n"
        "b,peaks,oct4.fa,d,20,,oct4.fa\n"
        "c,peaks,oct4.fa,,,,\n"
        "e,sequences,oct4.fa,,,gc,\n"
        "f,sequences,oct4.fa,,,nowhere.fa,\n",
        [
            "groups.csv, lines 2 and 3, column assay: 'sequences' and 'peaks' cannot both hold for the data set 'd';",
            "groups.csv, lines 2 and 3, column units: '10' and '20' cannot both hold for the data set 'd';",
            "groups.csv, line 4: the assay peaks needs genome; give --genome or the column genome.",
            "groups.csv, line 5, column negatives: 'gc' cannot be used for the assay sequences; choose one of shuffle, others, a file.",
            "groups.csv, line 6, column negatives: there is no file {}/nowhere.fa; choose one of shuffle, others, a file.",
        ],
    ),
    "alone.csv": (
        "sample,assay,data,negatives\na,sequences,oct4.fa,others\n",
        ["alone.csv, line 2, column negatives: 'others' needs other rows of the assay sequences"],
    ),
    # A mistake hides no other: neither those of the sheet as a whole nor those of a single data set.
    "all_kinds.csv": (
        "sample;assay;data;dataset;negatives;genome\n"
        "Reb1;peaks;oct4.fa;yeast;GC;\n"
        "Abf1;peaks;nowhere.bed;yeast;gc;\n"
        "Abf1;table;oct4.fa;leaf;;\n"
        "Cbf1;peak;oct4.fa;yeast;;\n"
        "x y;sequences;;;others;\n",
        [
            "all_kinds.csv, line 3, column data: there is no file {}/nowhere.bed",
            "all_kinds.csv, line 5, column assay: 'peak' is not one of peaks,",
            "all_kinds.csv, line 6, column sample: 'x y' cannot be used",
            "all_kinds.csv, line 6, column data: the cell is empty;",
            "all_kinds.csv, lines 3 and 4, column sample: 'Abf1' occurs 2 times;",
            "all_kinds.csv, line 2, column negatives: there is no file {}/GC; choose one of gc, shuffle",
            "all_kinds.csv, lines 2, 3 and 5: the assay peaks needs genome; give --genome or the column genome.",
        ],
    ),
    # What cannot be judged before a cell is mended is not complained of.
    "depends.csv": (
        "sample,assay,data,models,pretrained,split,dataset\n"
        'a,sequences,oct4.fa,"nam,x",old.pth,train,d\n'
        'b,sequences,oct4.fa,"nam,x",old.pth,tset,d\n',
        [
            "depends.csv, line 2, column models: 'nam,x' cannot be used: give one or more of: explainn",
            "depends.csv, line 3, column models: 'nam,x' cannot be used: give one or more of: explainn",
            "depends.csv, line 3, column split: 'tset' is not one of train, valid, test; did you mean test?",
        ],
    ),
    "cycles.csv": (
        "sample,assay,data,dataset,label\n"
        "a,htselex,oct4.fa,d,\n"
        "b,htselex,oct4.fa,d,1\n"
        "c,htselex,oct4.fa,e,4\n"
        "f,htselex,oct4.fa,g,0\n"
        "g,htselex,mine.bed,g,1\n",
        [
            "cycles.csv, line 2, column label: the cell holds no cycle; write its number there.",
            "cycles.csv, line 4, column label: all rows of 'e' are cycle 4, but a model distinguishes cycles;",
        ],
    ),
    "many.csv": (
        "sample,assay,data,dataset\n" + "".join(f"s{i},peaks,mine.bed,d\n" for i in range(9)),
        ["many.csv, lines 2 to 10: the assay peaks needs genome; give --genome"],
    ),
    "parts.csv": (
        "sample,assay,data,dataset,split,split_by\n"
        "a,sequences,oct4.fa,d,test,\n"
        "b,sequences,oct4.fa,d,,\n"
        "c,sequences,oct4.fa,e,,given\n"
        "f,sequences,oct4.fa,g,train,given\n"
        "h,sequences,mine.bed,g,test,given\n",
        [
            "parts.csv, line 3, column split: the cell is empty, but other rows of 'd' name their part; write train, valid or test.",
            "parts.csv, line 2, column split: no row of 'd' is for train; training needs one.",
            "parts.csv, line 4, column split: split_by is 'given', but no row of 'e' has a part; write train, valid or test, or use split_by random.",
        ],
    ),
    "narrow.csv": (
        "sample,assay,data,genome,filter_length,width\na,peaks,oct4.fa,oct4.fa,60,60\n",
        [
            "narrow.csv, line 2: a width of 60 is too short for a filter of 60 and a pool of 7; use at least 66."
        ],
    ),
    "loss.csv": (
        "sample,assay,data,loss\na,sequences,oct4.fa,mse\nb,table,oct4.fa,mse\n",
        [
            "loss.csv, line 2: the loss mse does not fit the assay sequences; use auto or bce (the column loss is for one data set)."
        ],
    ),
    "explain.csv": (
        "sample,assay,data,explain,genome,models\n"
        "a,sequences,oct4.fa,mine.bed,,\n"
        "b,sequences,oct4.fa,mine.bed,oct4.fa,\n"
        'c,sequences,oct4.fa,oct4.fa,,"cnn1,danq"\n'
        "d,sequences,oct4.fa,.,,\n"
        "e,sequences,oct4.fa,nowhere.bed,,\n",
        [
            "explain.csv, line 2, explain: mine.bed holds intervals, but there is no genome",
            "explain.csv, line 4, explain: only predictions of explainn can be split over units",
            "explain.csv, line 5, column explain: {} is a folder, not a file (paths are relative to the sheet).",
            "explain.csv, line 6, column explain: there is no file {}/nowhere.bed",
        ],
    ),
    "variants.csv": (
        "sample,assay,data,variants,genome,models,variant_offsets\n"
        "a,sequences,oct4.fa,mine.bed,,,\n"
        'b,sequences,oct4.fa,mine.bed,oct4.fa,"cnn1,danq",\n'
        "c,sequences,oct4.fa,nowhere.vcf,oct4.fa,,\n"
        "d,sequences,oct4.fa,mine.bed,oct4.fa,,middle\n",
        [
            "variants.csv, line 2, variants: mine.bed holds variants, but there is no genome; give --genome (or the column genome), the one that they were called on.",
            "variants.csv, line 3, variants: only variant effects of explainn can be split over motifs, but models is 'cnn1,danq'; add explainn to it, or leave variants out.",
            "variants.csv, line 4, column variants: there is no file {}/nowhere.vcf",
            "variants.csv, line 5, column variant_offsets: 'middle' cannot be used: give whole numbers of bp, separated by commas, such as -20,0,20",
        ],
    ),
    "hits.csv": (
        "sample,assay,data,hits,genome,models,hits_fdr\n"
        "a,sequences,oct4.fa,mine.bed,,,\n"
        "b,sequences,oct4.fa,genome,,,\n"
        'c,sequences,oct4.fa,peaks,,"cnn1,danq",\n'
        "d,sequences,oct4.fa,nowhere.bed,oct4.fa,,\n"
        "e,sequences,oct4.fa,.,oct4.fa,,\n"
        "f,sequences,oct4.fa,oct4.fa,,,0\n"
        "g,sequences,oct4.fa,oct4.fa,,,0.6\n",
        [
            "hits.csv, line 2, hits: mine.bed holds intervals, but there is no genome to read them from; give --genome (or the column genome), or the sequences themselves as FASTA.",
            "hits.csv, line 3, hits: the whole genome is to be scanned, but there is none; give --genome (or the column genome).",
            "hits.csv, line 4, hits: sites are found with the motifs of explainn, but models is 'cnn1,danq'; add explainn to it, or leave hits out.",
            "hits.csv, line 5, hits: there is no file {}/nowhere.bed; give a file of intervals, FASTA, or one of the words genome and peaks.",
            "hits.csv, line 6, hits: {} is a folder, not a file; give a file of intervals, FASTA, or one of the words genome and peaks.",
            "hits.csv, line 7, column hits_fdr: '0' must be more than 0.",
            "hits.csv, line 8, column hits_fdr: '0.6' must be at most 0.5.",
        ],
    ),
    "explain_what.csv": (
        "sample,assay,data,explain,genome,models\n"
        "a,sequences,oct4.fa,mine.bed,,\n"
        "b,sequences,oct4.fa,mine.bed,oct4.fa,\n"
        'c,sequences,oct4.fa,oct4.fa,,"cnn1,danq"\n',
        [
            "explain_what.csv, line 2, explain: mine.bed holds intervals, but there is no genome to read them from; give --genome (or the column genome), or the sequences themselves as FASTA.",
            "explain_what.csv, line 4, explain: only predictions of explainn can be split over units, but models is 'cnn1,danq'; add explainn to it, or leave explain out.",
        ],
    ),
    "streme.csv": (
        "sample,assay,data,streme,streme_nmotifs,streme_hofract,streme_minw,streme_maxw\n"
        "a,sequences,oct4.fa,yes,0,0.6,2,31\n"
        "b,sequences,oct4.fa,true,1.5,-0.1,wide,\n",
        [
            "streme.csv, line 2, column streme: 'yes' is not true or false.",
            "streme.csv, line 2, column streme_nmotifs: '0' must be at least 1.",
            "streme.csv, line 2, column streme_hofract: '0.6' must be at most 0.5.",
            "streme.csv, line 2, column streme_minw: '2' must be at least 3.",
            "streme.csv, line 2, column streme_maxw: '31' must be at most 30.",
            "streme.csv, line 3, column streme_nmotifs: '1.5' is not a whole number.",
            "streme.csv, line 3, column streme_hofract: '-0.1' must be at least 0.",
            "streme.csv, line 3, column streme_minw: 'wide' is not a whole number.",
        ],
    ),
    "streme_widths.csv": (
        "sample,assay,data,streme,streme_minw,streme_maxw\na,sequences,oct4.fa,true,20,10\n",
        [
            "streme_widths.csv, line 2: streme_minw 20 is larger than streme_maxw 10; give a streme_minw of at most streme_maxw."
        ],
    ),
    "pairs_cells.csv": (
        "sample,assay,data,cooperativity_backbones,cooperativity_step\na,sequences,oct4.fa,5,0\n",
        [
            "pairs_cells.csv, line 2, column cooperativity_backbones: '5' must be at least 10.",
            "pairs_cells.csv, line 2, column cooperativity_step: '0' must be at least 1.",
        ],
    ),
    "pairs.csv": (
        "sample,assay,data,cooperativity,genome\n"
        "a,sequences,oct4.fa,CTCF-REST,\n"
        'b,sequences,oct4.fa,"CTCF:,MAX::MYC:REST",\n'
        'c,sequences,oct4.fa,"A:B:C,,ACG:CTCF",\n'
        f"d,peaks,oct4.fa,{'A' * 120}:{'C' * 81},oct4.fa\n",
        [
            "pairs.csv, line 2: cooperativity 'CTCF-REST' is not a pair of motifs; write two with a colon between them, such as AACTATCGATAG:CTCF, or top.",
            "pairs.csv, line 3: cooperativity 'CTCF:' is not a pair of motifs;",
            "pairs.csv, line 4: cooperativity 'A:B:C' is not a pair of motifs;",
            "pairs.csv, line 4: cooperativity '' is not a pair of motifs;",
            "pairs.csv, line 4: cooperativity 'ACG:CTCF': the word ACG is shorter than 4 letters; give a longer one, or the name of a known motif.",
            "the two words are 201 letters long, more than a sequence can hold; give shorter ones.",
        ],
    ),
    # Sheets that are read in spite of how they were saved.
    "good.csv": (GOOD, []),
    "bom.csv": ("\ufeff" + GOOD, []),
    "windows.csv": (GOOD.replace("\n", "\r\n"), []),
    "old_mac.csv": (GOOD.replace("\n", "\r"), []),
    "semicolon.csv": (GOOD.replace(",", ";"), []),
    "tab.tsv": (GOOD.replace(",", "\t"), []),
    "quoted.csv": ('"sample","assay","data"\n"a","sequences","oct4.fa"\n', []),
    "spaces.csv": ("sample , assay, data\n a , sequences , oct4.fa \n", []),
    "empty_end.csv": ("sample,assay,data,,\na,sequences,oct4.fa,,\n,,,,\n", []),
}

# What --name value must say; all of them go into one start.
PARAMS: dict[str, tuple[Any, str]] = {
    "unitz": (5, "--unitz: there is no such parameter; did you mean --units? See --help."),
    "topN": (5, "--topN: there is no such parameter; did you mean --top_n? See --help."),
    "width": (10, "--width: '10' must be at least 25."),
    "motif_db": (
        "a\tb.meme",
        "--motif_db: it holds the control character U+0009, a tab; remove it, and rename the file if its name has one.",
    ),
    "valid_groups": ("a\nb", "--valid_groups: it holds the control character U+000A"),
    "container_image": ("x; id", "--container_image: 'x; id' cannot be used: write an image as"),
    "trace_report_suffix": ("a/b", "--trace_report_suffix: 'a/b' cannot be used: use letters"),
    "top_n": (1.5, "--top_n: '1.5' is not a whole number."),
    "batch_size": (True, "--batch_size: needs a value. The default is 100."),
    "units": (
        [1, 10],
        "--units: '[1, 10]' cannot be used: give a whole number from 1 to 10000, or several separated by commas",
    ),
    "dropout": (1, "--dropout: '1' must be less than 1."),
    "learning_rate": ("0", "--learning_rate: '0' must be more than 0."),
    "q_threshold": (2, "--q_threshold: '2' must be at most 1."),
    "loss": ("bec", "--loss: 'bec' is not one of auto, bce, cross_entropy, mse, pearson"),
    "split_by": (
        "chromosomes",
        "is not one of random, homology, chromosome, given; did you mean chromosome?",
    ),
    "models": (
        "explain",
        "--models: 'explain' cannot be used: give one or more of: explainn, aitac, cnn1, cnn1exp, danq, deepcnn, deepstarr, nam, single_layer.",
    ),
    "chromosomes": (
        "chr1, chr2",
        "--chromosomes: 'chr1, chr2' cannot be used: give chromosome names",
    ),
    "jaspar_release": (
        20,
        "--jaspar_release: '20' cannot be used: give the year of a JASPAR release",
    ),
    "reverse_complement": ("both", "--reverse_complement: 'both' is not true or false."),
    "genome": ("nowhere.fa", "--genome: there is no file {}/nowhere.fa."),
    "blacklist": (".", "--blacklist: {} is a folder, not a file."),
    "explain": ("nowhere.bed", "--explain: there is no file {}/nowhere.bed."),
    "explain_pictures": (1001, "--explain_pictures: '1001' must be at most 1000."),
    "variants": (".", "--variants: {} is a folder, not a file."),
    "hits_fdr": (2, "--hits_fdr: '2' must be at most 0.5."),
    "variant_offsets": ("0;5", "--variant_offsets: '0;5' cannot be used: give whole numbers of bp"),
    "unit_maps": ("umap", "--unit_maps: 'umap' is not true or false."),
    "attribution": ("deeplift", "--attribution: 'deeplift' is not true or false."),
    "attribution_sequences": (5, "--attribution_sequences: '5' must be at least 10."),
    "streme": ("often", "--streme: 'often' is not true or false."),
    "streme_maxw": (50, "--streme_maxw: '50' must be at most 30."),
    "cooperativity": (True, "--cooperativity: needs a value."),
    "cooperativity_step": ("all", "--cooperativity_step: 'all' is not a whole number."),
    "seed": (-1, "--seed: '-1' must be at least 0."),
    "device": ("cuda", "--device: 'cuda' is not one of auto, cpu, gpu"),
    "input": ("nowhere.csv", "--input: there is no file {}/nowhere.csv."),
    "max_epochs": ({"a": 1}, "--max_epochs: '[a:1]' is not a whole number."),
    "valid_fraction": (
        0.6,
        "--valid_fraction 0.6 and --test_fraction 0.4 leave nothing to train on",
    ),
    "test_fraction": (0.4, "their sum must be less than 1."),
}

# Values tried on every property: the schema as jsonschema reads it, and as the pipeline does.
CANDIDATES: list[Any] = [
    *(-1, 0, 1, 2, 10, 24, 25, 99, 100, 101, 1000, 1001, 10000, 10001, 1e6, 1000001, 1e9),
    *(0.1, 0.5, 0.999, 1.0, 1.5, 2147483647, 2147483648, True, False),
    *("x", "a b", "auto", "gpu", "chr1", "chr1,chr2", "chr1,,chr2", "2024", "explainn,explainn"),
    *("random", "mse", "paper", "native", "peaks", "train", "-a", "a-1", "fungi", "ed", "copy"),
]


# Sheets of shared/field/cases (PROJECT stands for our folder): the sentences, all of them.
FIELD_SHEETS = {
    "60_sheet_excel/s1.csv": [],
    "61_sheet_names/s1.csv": [
        "line 2, column sample: 'WT rep.1' cannot be used",
        "line 3, column sample: 'Δreb1-\u03b1' cannot be used",
        "line 4, column assay: 'Peaks' is not one of",
        "line 5, column assay: 'ChIP-seq' is not one of",
        "line 6, column sample: the cell is empty",
        "line 7, column data: there is no file",
        "line 8, column data: ",
        "line 9, column genome: there is no file",
        "line 10, column data: ",
        "column sample: 'reb1' occurs 2 times",
        "column dataset: reb1 and REB1 differ only in upper and lower case",
    ],
    "62_sheet_emptyheader/s1.csv": ["line 1: column 4 has no name"],
    "64_sheet_s3/s1.csv": [
        "line 2, column data: ",
        "line 3, column sample: 'a b' cannot be used",
        "line 3, column data: there is no file",
        "line 3, column genome: there is no file",
    ],
}


# Sheets of SHEETS that are judged beside a parameter.
BESIDE = {"general_conditions.csv": {"conditions": "samples_of.csv"}}


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """Everything that needs the pipeline's own checks, in one start."""
    folder = tmp_path_factory.mktemp("judge")
    shutil.copy(DEMO / "OCT4_H1hESC_200bp.fa.gz", folder / "oct4.fa")
    (folder / "mine.bed").write_text("chr1\t10\t90\n")
    samples = "sample,condition,replicate\nT1,a,1\nT2,a,2\nC1,b,1\nC2,b,2\n"
    (folder / "samples_of.csv").write_text(samples)
    (folder / "empty_results" / "a").mkdir(parents=True)
    (folder / "other").mkdir()
    for model in ("old.pth", "other/old.pth"):
        (folder / model).write_bytes(b"weights")
    (folder / "models.txt").write_text("# of two\nold.pth\ngone.pth\n")
    (folder / "twice.txt").write_text("old.pth\n\nother/old.pth\n")
    for name in ("$HOME", "{b,c}", "?", "1", " $(id) [x] {b}!", "$[1]"):
        (folder / f"a{name}.fa").write_text(">a\nACGT\n")
    for name, (content, _) in SHEETS.items():
        data = content if isinstance(content, bytes) else content.encode()
        (folder / name).write_bytes(data)
    field = _copies_of_field_sheets(folder)
    values = [[where, name, value] for where, name, _ in PROPERTIES for value in CANDIDATES]
    names = [*SHEETS, *field]
    runs = [{"input": str(folder / name), **BESIDE.get(name, {})} for name in names]
    said = judged(folder, runs, values=values)
    return folder, said | {"sheets": dict(zip(names, said["runs"], strict=True))}


def _copies_of_field_sheets(folder: Path) -> list[str]:
    """Copy the sheets with the files beside them, where they are there."""
    cases = ROOT.parent / "shared" / "field" / "cases"
    copied = [name for name in FIELD_SHEETS if (cases / name).is_file()]
    for name in copied:
        place = folder / Path(name).parent
        shutil.copytree((cases / name).parent, place)
        for path in [place, *place.rglob("*")]:
            path.chmod(0o755)
        text = (cases / name).read_bytes().replace(b"PROJECT", str(ROOT).encode())
        (folder / name).write_bytes(text)
    return copied


@pytest.mark.parametrize("name", FIELD_SHEETS)
def test_sheet_of_the_field(name: str, verdicts: tuple[Path, dict[str, Any]]) -> None:
    """All mistakes at once, also beside a file that a plugin is missing for."""
    _, said = verdicts
    if name not in said["sheets"]:
        pytest.skip(f"needs shared/field/cases/{name}")
    problems = said["sheets"][name]["problems"]
    for sentence in FIELD_SHEETS[name]:
        assert any(sentence in problem for problem in problems), (sentence, problems)
    assert len(problems) == len(FIELD_SHEETS[name]), problems
    assert not any("\n" in problem or "Missing plugin" in problem for problem in problems)


@pytest.mark.parametrize("name", SHEETS)
def test_sheet(name: str, verdicts: tuple[Path, dict[str, Any]]) -> None:
    folder, said = verdicts
    wanted = [sentence.replace("{}", str(folder)) for sentence in SHEETS[name][1]]
    found = said["sheets"][name]
    for sentence in wanted:
        assert any(sentence in problem for problem in found["problems"]), found["problems"]
    assert len(found["problems"]) == len(wanted), found["problems"]
    for problem in found["problems"]:
        assert problem.startswith(name)
        assert problem.endswith((".", "?")), problem
        assert "\n" not in problem
    if not wanted:
        (dataset,) = found["datasets"]
        assert dataset["id"] == "a"
        assert dataset["names"] == ["oct4.fa"]
        assert dataset["spec"]["rows"][0]["negatives"] == "shuffle"


def _valid(prop: Mapping[str, Any], value: Any) -> bool:
    try:
        jsonschema.validate(value, dict(prop), cls=jsonschema.Draft202012Validator)
    except jsonschema.ValidationError:
        return False
    return True


def test_values_as_jsonschema_judges_them(verdicts: tuple[Path, dict[str, Any]]) -> None:
    """The pipeline reads numbers in texts and texts in numbers; all else must be judged alike."""
    answers = iter(verdicts[1]["values"])
    judged = 0
    for where, name, prop in PROPERTIES:
        for value in CANDIDATES:
            problem = next(answers)
            if (
                prop["type"] == "string"
                and isinstance(value, int | float)
                and not isinstance(value, bool)
            ):
                continue  # --jaspar_release 2024 is a text to the pipeline
            if prop["type"] == "integer" and isinstance(value, str) and value.isdigit():
                continue  # and --width "200" a number
            if prop["type"] == "number" and isinstance(value, str) and value.isdigit():
                continue
            assert (problem is None) == _valid(prop, value), (where, name, value, problem)
            judged += 1
    assert judged > 1000


def test_params_all_at_once(tmp_path: Path) -> None:
    values = {name: value for name, (value, _) in PARAMS.items()}
    (tmp_path / "params.json").write_text(json.dumps(values))
    run = run_nextflow(tmp_path, ROOT, "-params-file", "params.json")
    assert run.code == 1, run.said
    errors = run.errors()
    for name, (_, sentence) in PARAMS.items():
        wanted = sentence.replace("{}", str(tmp_path))
        assert any(wanted in error for error in errors), (name, wanted, errors)
    assert len(errors) == len(PARAMS) - 1, errors  # the two fractions share a sentence
    assert "Exception" not in run.said
    assert not (tmp_path / "work").exists() or not any((tmp_path / "work").rglob(".command.sh"))


def test_a_wrong_parameter_does_not_hide_what_is_wrong_in_the_sheet(tmp_path: Path) -> None:
    shutil.copy(DEMO / "OCT4_H1hESC_200bp.fa.gz", tmp_path / "oct4.fa")
    sheet = write_sheet(
        tmp_path / "s.csv",
        ("sample", "assay", "data", "pretrained"),
        ("a", "peaks", "oct4.fa", "oct4.fa"),
        ("b", "htselex", "oct4.fa", "oct4.fa"),
    )
    arguments = ("--width", "wide", "--units", "many", "--models", "namm", "--loss", "bec")
    run = run_nextflow(tmp_path, ROOT, "--input", sheet, *arguments)
    errors = run.errors()
    assert [error.partition(":")[0] for error in errors] == [
        "--width",
        "--models",
        "--units",
        "--loss",
        "s.csv, line 2",
        "s.csv, line 2, pretrained",
        "s.csv, line 3, column label",
        "s.csv, line 3, pretrained",
    ], run.said


@pytest.mark.release
def test_texts_of_numbers_on_the_command_line(tmp_path: Path, tiny: Path) -> None:
    sheet = write_sheet(
        tiny / "one.csv", ("sample", "assay", "data"), ("007", "sequences", "oct4.fa")
    )
    run = run_nextflow(
        tmp_path,
        ROOT,
        "--input",
        sheet,
        "--learning_rate",
        ".003",
        "--batch_size",
        "1e2",
        "--dropout",
        "1.5",
        "-stub-run",
    )
    assert run.errors() == ["--dropout: '1.5' must be less than 1."]


@pytest.mark.release
def test_missing_input(tmp_path: Path) -> None:
    run = run_nextflow(tmp_path, ROOT)
    assert run.code == 1
    assert run.errors() == [
        "--input: give a samplesheet (templates are in assets/samplesheets/), or try -profile test; to use models that are already trained, give --apply."
    ]


def test_help_names_every_parameter(tmp_path: Path) -> None:
    run = run_nextflow(tmp_path, ROOT, "--help")
    assert run.code == 0
    for group in SCHEMA["$defs"].values():
        assert f"\n{group['title']}\n" in run.said
    for name, prop in PARAMETERS.items():
        line = next(line for line in run.said.splitlines() if re.match(rf"\s+--{name}\s", line))
        assert prop["description"] in line
        assert (
            "default" not in prop
            or f"[default: {json.dumps(prop['default']).strip(chr(34))}]" in line
        )
    assert "-params-file params.yml" in run.said
    assert not run.results.exists()


def test_help_shows_the_wrapper_and_every_profile() -> None:
    text = (ROOT / "subworkflows/local/validate/help.nf").read_text()
    assert "Usage: ./nextflow run ." in text
    shown = text.partition("Profiles, joined")[2].partition("Parameters marked")[0]
    configs = [(ROOT / name).read_text() for name in ("nextflow.config", "conf/engines.config")]
    blocks = [
        found
        for text in configs
        for found in re.findall(r"^profiles \{(.*?)^\}", text, re.S | re.M)
    ]
    profiles = {name for block in blocks for name in re.findall(r"^    (\w+) +\{", block, re.M)}
    assert {"test", "docker", "slurm", "debug"} < profiles
    assert profiles <= set(re.findall(r"\w+", shown))


@pytest.mark.release
def test_version(tmp_path: Path) -> None:
    run = run_nextflow(tmp_path, ROOT, "--version")
    assert run.code == 0
    assert run.said.strip().endswith(f"nf-explainn {nfexplainn.__version__}")
    assert not run.results.exists()


def test_config_has_the_defaults_of_the_schema(tmp_path: Path) -> None:
    import subprocess

    text = subprocess.run(
        [*nextflow_command(), "config", "-o", "json", str(ROOT)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    params = json.loads(text[text.index("{") :])["params"]
    assert set(params.pop("genomes")) >= {"GRCh38", "hg38", "mm10", "sacCer3"}
    # Of what counts as given or not, the default is filled in later.
    assert params == {
        name: None if prop.get("null_unless_given") else prop.get("default")
        for name, prop in PARAMETERS.items()
    }


def test_assays_are_those_of_the_sheet() -> None:
    assays = json.loads((ROOT / "assets" / "features.json").read_text())["assays"]
    assert list(assays) == SHEET["properties"]["assay"]["enum"]
    for assay in assays.values():
        for parameter, value in assay["defaults"].items():
            # Any other default of the parameter would hide that of the assay.
            assert PARAMETERS[parameter].get("default") in (None, "auto")
            assert _valid(PARAMETERS[parameter], value)
        assert (ROOT / "assets" / "samplesheets" / f"{assay['module']}.csv").is_file()


def test_every_default_is_valid() -> None:
    for name, prop in PARAMETERS.items():
        assert "default" not in prop or _valid(prop, prop["default"]), name


@pytest.mark.release
def test_error_is_no_half_result(tmp_path: Path) -> None:
    run: Run = run_nextflow(tmp_path, ROOT, "--input", "nowhere.csv")
    assert run.code == 1
    assert not run.results.exists()  # nor what Nextflow itself writes at its end
    # What lies there of another run stays.
    earlier = run.results / "tables" / "summary.tsv"
    earlier.parent.mkdir(parents=True)
    earlier.write_text("dataset\n")
    run_nextflow(tmp_path, ROOT, "--input", "nowhere.csv")
    assert [path for path in run.results.rglob("*") if path.is_file()] == [earlier]


def test_usage_tells_every_parameter_and_assay() -> None:
    page = (ROOT / "docs" / "usage.md").read_text()
    for name, prop in PARAMETERS.items():
        row = next(line for line in page.splitlines() if line.startswith(f"| `--{name}` |"))
        assert prop["description"].rstrip(".") in row.replace("`", "")
        assert ("*sheet*" in row) == prop.get("per_dataset", False)
        default = json.dumps(prop.get("default")).strip('"')
        ours = name in ("container_image", "torch_container", "peakvi_container")
        shown = "of this version" if ours else f"`{default}`"
        assert "default" not in prop or f"| {shown} |" in row
    for name in json.loads((ROOT / "assets" / "features.json").read_text())["assays"]:
        assert re.search(rf"^\| \[?`{name}`", page, re.MULTILINE)
    for name in SHEET["properties"]:
        assert f"| `{name}` |" in page


def test_usage_tells_every_profile() -> None:
    page = (ROOT / "docs" / "usage.md").read_text()
    table = page.split("| `-profile` | |")[1].split("\n\n")[0]
    told = {name for row in table.splitlines() for name in re.findall(r"`(\w+)`", row[:80])}
    found = set()
    for name in ("nextflow.config", "conf/engines.config"):
        profiles = (ROOT / name).read_text().split("\nprofiles {\n")[1].split("\n}")[0]
        found |= set(re.findall(r"^    (\w+) *\{", profiles, re.MULTILINE))
    assert {"test_analyses", "docker", "gpu", "debug"} <= found
    assert found <= told

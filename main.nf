#!/usr/bin/env nextflow

include { validatedInput; codeDigest; reportedSettings; stopOnMistakes } from './subworkflows/local/validate'
include { helpText } from './subworkflows/local/validate/help.nf'
include { INDEX_GENOMES } from './subworkflows/local/index_genomes'
include { PREPARE_PEAKS } from './subworkflows/local/prepare_peaks'
include { PREPARE_SEQUENCES } from './subworkflows/local/prepare_sequences'
include { PREPARE_STARRSEQ } from './subworkflows/local/prepare_starrseq'
include { PREPARE_PBM } from './subworkflows/local/prepare_pbm'
include { PREPARE_HTSELEX } from './subworkflows/local/prepare_htselex'
include { PREPARE_SMILESEQ } from './subworkflows/local/prepare_smileseq'
include { PREPARE_TABLE } from './subworkflows/local/prepare_table'
include { PREPARE_MATRIX } from './subworkflows/local/prepare_matrix'
include { PREPARE_ACCESSIBILITY } from './subworkflows/local/prepare_accessibility'
include { PREPARE_SINGLE_CELL } from './subworkflows/local/prepare_single_cell'
include { MOTIFS_COLLECT } from './modules/local/motifs/collect'
include { TRAIN } from './subworkflows/local/train'
include { INTERPRET } from './subworkflows/local/interpret'
include { SCORE_CYCLES } from './subworkflows/local/score_cycles'
include { REPORT } from './subworkflows/local/report'

workflow {
    main:
    if (params.version) {
        println("${workflow.manifest.name} ${workflow.manifest.version}")
        return
    }
    if (params.help) {
        print(helpText())
        return
    }

    // Validate: every mistake that can be seen without a task, at once.
    def input = validatedInput()
    def code = codeDigest()
    def plans = input.datasets.collectEntries { plan -> [plan.id, plan] }

    // Route: every assay ends in the data set artefact.
    INDEX_GENOMES(input.datasets.findAll { plan -> plan.genome && plan.assay in ['peaks', 'matrix', 'accessibility', 'single_cell'] }, code)
    def genomes = INDEX_GENOMES.out.genomes
    PREPARE_PEAKS(input.datasets.findAll { plan -> plan.assay == 'peaks' }, genomes, code)
    PREPARE_SEQUENCES(input.datasets.findAll { plan -> plan.assay == 'sequences' }, code)
    PREPARE_STARRSEQ(input.datasets.findAll { plan -> plan.assay == 'starrseq' }, code)
    PREPARE_PBM(input.datasets.findAll { plan -> plan.assay == 'pbm' }, code)
    PREPARE_HTSELEX(input.datasets.findAll { plan -> plan.assay == 'htselex' }, code)
    PREPARE_SMILESEQ(input.datasets.findAll { plan -> plan.assay == 'smileseq' }, code)
    PREPARE_TABLE(input.datasets.findAll { plan -> plan.assay == 'table' }, code)
    PREPARE_MATRIX(input.datasets.findAll { plan -> plan.assay == 'matrix' }, genomes, code)
    PREPARE_ACCESSIBILITY(input.datasets.findAll { plan -> plan.assay == 'accessibility' }, genomes, code)
    PREPARE_SINGLE_CELL(input.datasets.findAll { plan -> plan.assay == 'single_cell' }, genomes, code)
    status = PREPARE_PEAKS.out.status.mix(
        PREPARE_SEQUENCES.out.status, PREPARE_STARRSEQ.out.status, PREPARE_PBM.out.status, PREPARE_HTSELEX.out.status, PREPARE_SMILESEQ.out.status, PREPARE_TABLE.out.status,
        PREPARE_MATRIX.out.status, PREPARE_ACCESSIBILITY.out.status, PREPARE_SINGLE_CELL.out.status,
    )     // [ [id: 'oct4', assay: 'sequences'], oct4.status.json ]
    tables = PREPARE_PEAKS.out.tables.mix(
        PREPARE_SEQUENCES.out.tables, PREPARE_STARRSEQ.out.tables, PREPARE_PBM.out.tables, PREPARE_HTSELEX.out.tables, PREPARE_SMILESEQ.out.tables, PREPARE_TABLE.out.tables,
        PREPARE_MATRIX.out.tables, PREPARE_ACCESSIBILITY.out.tables, PREPARE_SINGLE_CELL.out.tables,
    )     // [ [id: 'oct4', ...], [oct4.counts.tsv, ...] ]

    known = channel.fromList(input.datasets.collect { plan -> [plan.known, plan.motif_db ? plan.motif_db.path : []] }.unique())
    MOTIFS_COLLECT(known, code)

    // A mistake in any file ends the run before the first training; what is merely unusable goes to the report.
    checks = status.map { _meta, file -> file }.mix(INDEX_GENOMES.out.checks, MOTIFS_COLLECT.out.status)
    passed = stopOnMistakes(checks)
    datasets = PREPARE_PEAKS.out.dataset.mix(
            PREPARE_SEQUENCES.out.dataset, PREPARE_STARRSEQ.out.dataset, PREPARE_PBM.out.dataset, PREPARE_HTSELEX.out.dataset, PREPARE_SMILESEQ.out.dataset, PREPARE_TABLE.out.dataset,
        PREPARE_MATRIX.out.dataset, PREPARE_ACCESSIBILITY.out.dataset, PREPARE_SINGLE_CELL.out.dataset,
        )
        .combine(passed)
        .map { meta, dataset, _passed -> [meta, dataset] }                  // [ [id: 'oct4', assay: 'sequences'], oct4.dataset.parquet ]

    // The same for every assay.
    TRAIN(datasets, plans, code)
    INTERPRET(
        [models: TRAIN.out.readable, history: TRAIN.out.history, predictions: TRAIN.out.predictions, metrics: TRAIN.out.metrics, baseline: TRAIN.out.baseline],
        tables, MOTIFS_COLLECT.out.motifs, plans, code,
    )
    SCORE_CYCLES(INTERPRET.out.ofRuns, datasets, code)

    REPORT(
        status.mix(tables, datasets, TRAIN.out.history, TRAIN.out.timing, TRAIN.out.metrics, TRAIN.out.baseline, INTERPRET.out.ofRuns, INTERPRET.out.ofModels),
        reportedSettings(input), code,
    )
}

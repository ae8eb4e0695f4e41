#!/usr/bin/env nextflow

include { validatedInput; codeDigests; reportedSettings } from './subworkflows/local/validate'
include { helpText } from './subworkflows/local/validate/help.nf'
include { MOTIFS_COLLECT } from './modules/local/motifs/collect'
include { PREPARE } from './subworkflows/local/prepare'
include { INITIAL_PROFILES } from './subworkflows/local/initial_profiles'
include { CLUSTER_MOTIFS } from './subworkflows/local/cluster_motifs'
include { READ_GIVEN } from './subworkflows/local/read_given'
include { JUDGE_INPUTS } from './subworkflows/local/judge_inputs'
include { TRAIN } from './subworkflows/local/train'
include { INTERPRET } from './subworkflows/local/interpret'
include { verdictLines; errorLines } from './subworkflows/local/report/verdicts.nf'
include { ANALYSE } from './subworkflows/local/analyse'
include { SCORE_CYCLES } from './subworkflows/local/score_cycles'
include { REPORT } from './subworkflows/local/report'
include { APPLY } from './subworkflows/local/apply'

// The whole pipeline: from what validatedInput() gives to one report.
workflow EXPLAINN {
    take:
    input   // [ params: [width: 200, ...], datasets: [ [id: 'oct4', assay: 'sequences', spec: [...], ...], ... ] ]

    main:
    def code = codeDigests()
    def plans = input.datasets.collectEntries { plan -> [plan.id, plan] }

    // Route: every assay ends in the data set artefact.
    PREPARE(input.datasets, code)

    known = channel.fromList(input.datasets.collect { plan -> [plan.known, plan.motif_db ? plan.motif_db.path : []] }.unique())
    MOTIFS_COLLECT(known, code.MOTIFS_COLLECT)
    INITIAL_PROFILES(input.datasets, MOTIFS_COLLECT.out.motifs, code)
    CLUSTER_MOTIFS(input.datasets, MOTIFS_COLLECT.out.motifs, code)

    READ_GIVEN(input.datasets, PREPARE.out.header, PREPARE.out.genomes, code)

    JUDGE_INPUTS(
        PREPARE.out.status.mix(PREPARE.out.denoising, INITIAL_PROFILES.out.status, READ_GIVEN.out.status),
        [genomes: PREPARE.out.indexing, motifs: MOTIFS_COLLECT.out.status, modes: CLUSTER_MOTIFS.out.status], plans, code,
    )
    datasets = PREPARE.out.dataset.map { meta, dataset -> [meta.id, meta, dataset] }
        .join(JUDGE_INPUTS.out.ready)
        .map { _id, meta, dataset, _ready -> [meta, dataset] }              // [ [id: 'oct4', assay: 'sequences'], oct4.dataset.parquet ]

    // The same for every assay.
    TRAIN(datasets, INITIAL_PROFILES.out.profiles, PREPARE.out.replicates, plans, code)
    INTERPRET(
        [models: TRAIN.out.readable, best: TRAIN.out.best, history: TRAIN.out.history, diverged: TRAIN.out.diverged, predictions: TRAIN.out.predictions, metrics: TRAIN.out.metrics, baseline: TRAIN.out.baseline],
        PREPARE.out.tables, MOTIFS_COLLECT.out.motifs, PREPARE.out.replicates, plans, code,
    )
    SCORE_CYCLES(INTERPRET.out.ofRuns, datasets, code)
    ANALYSE(
        [
            models: TRAIN.out.models, readable: TRAIN.out.readable, best: TRAIN.out.best, predictions: TRAIN.out.predictions, timing: TRAIN.out.timing, initial: INITIAL_PROFILES.out.profiles, initialTables: INITIAL_PROFILES.out.tables,
            named: INTERPRET.out.ofModels, outputs: INTERPRET.out.outputs, modes: CLUSTER_MOTIFS.out.modes, explained: READ_GIVEN.out.explained, genomes: PREPARE.out.genomes, replicates: PREPARE.out.replicates,
            predicted: READ_GIVEN.out.predicted, alleles: READ_GIVEN.out.alleles, calibrations: TRAIN.out.calibrations, diverged: TRAIN.out.diverged,
        ],
        INTERPRET.out.units, MOTIFS_COLLECT.out.motifs, plans, code,
    )

    REPORT(
        PREPARE.out.status.mix(
            PREPARE.out.tables, PREPARE.out.header, TRAIN.out.history, TRAIN.out.timing, TRAIN.out.diverged, TRAIN.out.metrics, TRAIN.out.calibrations, TRAIN.out.baseline,
            INTERPRET.out.ofRuns, INTERPRET.out.ofModels, SCORE_CYCLES.out.scores, ANALYSE.out.files,
        ),
        TRAIN.out.best, reportedSettings(input), JUDGE_INPUTS.out.verdicts, input.params.strict, code,
    )
}

workflow {
    main:
    if (params.version) {
        println("${workflow.manifest.name} ${workflow.manifest.version}")
    }
    else if (params.help) {
        print(helpText())
    }
    else {
        // Every mistake that can be seen without a task, at once.
        def input = validatedInput()
        if (input.params.apply) { APPLY(input) } else { EXPLAINN(input) }
        workflow.onComplete = {
            if (workflow.success) {
                log.info((["Report      : ${params.outdir}/multiqc_report.html"] + verdictLines()).join('\n'))
                errorLines().each { line -> log.warn(line) }
            }
        }
    }
}

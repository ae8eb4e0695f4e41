include { MOTIFS_COLLECT } from '../../../modules/local/motifs/collect'
include { INDEX_GENOMES } from '../index_genomes'
include { PREPARE } from '../prepare'
include { INITIAL_PROFILES } from '../initial_profiles'
include { CLUSTER_MOTIFS } from '../cluster_motifs'
include { READ_GIVEN } from '../read_given'
include { JUDGE_INPUTS } from '../judge_inputs'
include { TRAIN } from '../train'
include { INTERPRET } from '../interpret'
include { ANALYSE } from '../analyse'
include { EARLIER } from '../earlier'
include { ASK_MODELS } from '../ask_models'
include { SCORE_NEW } from '../score_new'
include { SCORE_CYCLES } from '../score_cycles'
include { REPORT } from '../report'
include { readsGenome } from '../validate/shared.nf'
include { judgeAnswers } from '../judge_inputs/answers.nf'
include { samplesState } from '../validate/samples.nf'

// The whole pipeline: from what validatedInput() gives to one report.
workflow EXPLAINN {
    take:
    input      // [ params: [width: 200, ...], datasets: [ [id: 'oct4', assay: 'sequences', spec: [...], ...], ... ] ]
    settings   // [ units: 100, ..., datasets: [oct4: [...]] ], for the report
    code       // [ MODEL_TRAIN: '0f3a...', ... ]: digests of what each step runs

    main:
    def plans = input.datasets.collectEntries { plan -> [plan.id, plan] }

    // Route: every assay ends in the data set artefact.
    INDEX_GENOMES(input.datasets.findAll { plan -> readsGenome(plan) }, code)
    genomes = INDEX_GENOMES.out.genomes
    PREPARE(input.datasets, genomes, code)

    known = channel.fromList(input.datasets.collect { plan -> [plan.known, plan.motif_db ? plan.motif_db.path : []] }.unique())
    MOTIFS_COLLECT(known, code.MOTIFS_COLLECT)
    INITIAL_PROFILES(input.datasets, MOTIFS_COLLECT.out.motifs, code)
    CLUSTER_MOTIFS(input.datasets, MOTIFS_COLLECT.out.motifs, code)

    READ_GIVEN(input.datasets, PREPARE.out.header, PREPARE.out.dataset, genomes, code)

    // Whether a data set has the samples whose conditions were given, its header tells.
    samples = PREPARE.out.header.filter { meta, _header -> plans[meta.id].samples }
        .map { meta, header -> [meta, samplesState(plans[meta.id], header.text)] }

    JUDGE_INPUTS(
        PREPARE.out.status.mix(PREPARE.out.denoising, INITIAL_PROFILES.out.status, READ_GIVEN.out.status, samples),
        [genomes: INDEX_GENOMES.out.status, motifs: MOTIFS_COLLECT.out.status, modes: CLUSTER_MOTIFS.out.status], plans, code,
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
            datasets: datasets, models: TRAIN.out.models, readable: TRAIN.out.readable, best: TRAIN.out.best, predictions: TRAIN.out.predictions, timing: TRAIN.out.timing, initial: INITIAL_PROFILES.out.profiles, initialTables: INITIAL_PROFILES.out.tables,
            named: INTERPRET.out.ofModels, outputs: INTERPRET.out.outputs, modes: CLUSTER_MOTIFS.out.modes, replicates: PREPARE.out.replicates,
        ],
        INTERPRET.out.units, MOTIFS_COLLECT.out.motifs, plans, code,
    )

    ASK_MODELS(
        [
            models: TRAIN.out.models, readable: TRAIN.out.readable, best: TRAIN.out.best, predictions: TRAIN.out.predictions, calibrations: TRAIN.out.calibrations,
            diverged: TRAIN.out.diverged, replicates: PREPARE.out.replicates,
        ],
        INTERPRET.out.units, INTERPRET.out.ofModels,
        [explained: READ_GIVEN.out.explained, predicted: READ_GIVEN.out.predicted, alleles: READ_GIVEN.out.alleles, regions: READ_GIVEN.out.regions, genomes: genomes],
        MOTIFS_COLLECT.out.motifs, plans, code,
    )

    REPORT(
        PREPARE.out.status.mix(
            PREPARE.out.tables, PREPARE.out.header, TRAIN.out.history, TRAIN.out.timing, TRAIN.out.diverged, TRAIN.out.metrics, TRAIN.out.calibrations, TRAIN.out.baseline,
            INTERPRET.out.ofRuns, INTERPRET.out.ofModels, SCORE_CYCLES.out.scores, ANALYSE.out.files, ASK_MODELS.out.files,
        ),
        TRAIN.out.best, settings, JUDGE_INPUTS.out.verdicts, input.params.strict, code,
    )
}

// Applies the models of an earlier run: nothing is trained, and only new data (--input) are prepared.
workflow APPLY {
    take:
    input      // [ params: [apply: 'results', ...], datasets: [ [id: 'oct4', predict: [...] or null, ..., runs: [...], tables: [...], options: [predict: [...]], ...], ... ], newData: [ [id: 'new', assay: 'peaks', ...], ... ] ]
    settings
    code

    main:
    def plans = input.datasets.collectEntries { plan -> [plan.id, plan] }
    EARLIER(input.datasets)
    INDEX_GENOMES((input.datasets + input.newData).findAll { plan -> readsGenome(plan) }, code)
    PREPARE(input.newData, INDEX_GENOMES.out.genomes, code)
    known = channel.fromList(input.datasets.findAll { plan -> plan.attribution }.collect { plan -> [plan.known, plan.motif_db ? plan.motif_db.path : []] }.unique())
    MOTIFS_COLLECT(known, code.MOTIFS_COLLECT)
    shapes = channel.fromList(input.datasets.collect { plan -> [[id: plan.id], plan.dataset ?: plan.runs[0].files.model] })
    READ_GIVEN(input.datasets, shapes, shapes, INDEX_GENOMES.out.genomes, code)

    // What the models of one length cannot read, those of another may.
    verdicts = judgeAnswers(READ_GIVEN.out.status.mix(PREPARE.out.status), INDEX_GENOMES.out.status.mix(MOTIFS_COLLECT.out.status), input.datasets)
    def given = [explained: READ_GIVEN.out.explained, predicted: READ_GIVEN.out.predicted, alleles: READ_GIVEN.out.alleles, regions: READ_GIVEN.out.regions].collectEntries { name, found -> [name, found.combine(verdicts).map { item -> item.dropRight(1) }] }
    ASK_MODELS(
        [
            models: EARLIER.out.models, readable: EARLIER.out.readable, best: EARLIER.out.best, predictions: EARLIER.out.predictions, calibrations: EARLIER.out.calibrations,
            diverged: channel.empty(), replicates: EARLIER.out.replicates,
        ],
        EARLIER.out.units, EARLIER.out.named, given + [genomes: INDEX_GENOMES.out.genomes], MOTIFS_COLLECT.out.motifs, plans, code,
    )

    SCORE_NEW(PREPARE.out.dataset.combine(verdicts).map { meta, dataset, _found -> [meta, dataset] }, input.datasets, code)

    REPORT(ASK_MODELS.out.files.mix(EARLIER.out.motifs, SCORE_NEW.out.files, PREPARE.out.status), channel.empty(), settings, verdicts, input.params.strict, code)
}

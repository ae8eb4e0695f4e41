include { MODEL_TRAIN } from '../../../modules/local/model/train'
include { BASELINE_EVALUATE } from '../../../modules/local/baseline/evaluate'
include { bestRuns } from './replicates.nf'
include { modelsOf } from './models.nf'
include { pretrainedArchitectures } from '../validate/features.nf'
include { needsTorch } from '../validate/environment.nf'

// Every model of a data set, in replicates that differ in their seed, measured against simple baselines.
workflow TRAIN {
    take:
    datasets   // [ [id: 'oct4', assay: 'sequences'], oct4.dataset.parquet ]
    profiles   // [ [id: 'oct4', ...], oct4.initial.meme ]: of data sets whose filters start from known profiles
    replicates // [ oct4, 3 ]
    plans      // [ oct4: [models: ['explainn'], training: [explainn: [...]], options: [...]], ... ]
    code

    main:
    def heads = pretrainedArchitectures()
    // [ [id: 'oct4.explainn.r1', dataset: 'oct4', model: 'explainn', architecture: 'explainn', ...], oct4.dataset.parquet ]
    runs = datasets.map { meta, dataset -> [meta.id, meta, dataset] }
        .join(replicates)
        .flatMap { id, meta, dataset, count -> runsOf(meta, plans[id], count).collect { run -> [run, dataset] } }

    // [ run, oct4.initial.meme ]: profiles are for the filters of units.
    starting = runs.branch { run, _dataset ->
        fromProfiles: run.architecture == 'explainn' && plans[run.dataset].initial
        fromScratch: true
    }
    MODEL_TRAIN(
        starting.fromProfiles.map { run, dataset -> [run.dataset, run, dataset] }
            .combine(profiles.map { meta, meme -> [meta.id, meme] }, by: 0)
            .map { _id, run, dataset, meme -> [run, dataset, meme] }
            .mix(starting.fromScratch.map { run, dataset -> [run, dataset, []] })
            .map { run, dataset, initial ->
                def sources = run.architecture in heads ? plans[run.dataset].pretrained : []
                [run, trainOptions(run, plans[run.dataset].training[run.architecture]), dataset, initial, sources*.name, sources*.path]
            },
        code.MODEL_TRAIN,
    )

    BASELINE_EVALUATE(datasets.map { meta, dataset -> [meta, plans[meta.id].options.baseline, dataset] }, code.BASELINE_EVALUATE)

    models = MODEL_TRAIN.out.model.join(runs, failOnDuplicate: true)
    readable = models.filter { run, _model, _dataset -> run.architecture == 'explainn' }
    best = bestRuns(MODEL_TRAIN.out.history, MODEL_TRAIN.out.diverged, replicates)
    history = MODEL_TRAIN.out.history
    timing = MODEL_TRAIN.out.timing
    diverged = MODEL_TRAIN.out.diverged
    predictions = MODEL_TRAIN.out.predictions
    metrics = MODEL_TRAIN.out.metrics
    calibrations = MODEL_TRAIN.out.calibration
    baseline = BASELINE_EVALUATE.out.metrics

    emit:
    models        // [ run, model.safetensors, dataset.parquet ]
    readable      // only units can be read one by one
    best          // [ run ] of the best replicate of every model
    history
    timing
    diverged      // [ run, run.diverged.json ], of runs that have nothing else
    predictions
    metrics
    calibrations  // [ run, run.calibration.json ]
    baseline      // [ [id: 'oct4', ...], oct4.baseline.tsv ]
}

// A meta map for every model and replicate of a data set; torch: whether the model needs it, wherever it is computed.
def runsOf(Map meta, Map plan, int replicates) {
    return [modelsOf(plan), 1..replicates].combinations().collect { model, replicate ->
        [id: "${meta.id}.${model.model}.r${replicate}".toString(), dataset: meta.id, assay: meta.assay] + model + [replicate: replicate as int, torch: needsTorch(model.architecture, plan.training[model.architecture])]
    }
}

// Replicate r takes the r-th seed from --seed on.
def trainOptions(Map run, Map options) {
    def shape = 'units' in options.keySet() ? [units: run.units] : [:]
    return options + shape + [model: run.architecture, replicate: run.replicate, seed: options.seed + run.replicate - 1]
}

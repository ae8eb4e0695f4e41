include { PREDICTION_READ } from '../../../modules/local/prediction/read'
include { PREDICTION_MAKE } from '../../../modules/local/prediction/make'
include { modelsOf } from '../train/models.nf'

// The sequences that are to be predicted: in a run that trains read before it, so that a mistake in them costs none.
workflow READ_PREDICTED {
    take:
    plans      // list of [id: 'oct4', predict: [name: 'mine.bed', path: ..., records: false] or null, genome: [...] or null, ...]
    shapes     // [ [id: 'oct4', ...], oct4.header.json ], or another file that tells the length
    genomes    // [ [name: 'genome.fa.gz', path: ...], genome.fa, [genome.fa.fai, ...] ]
    code

    main:
    def wanted = plans.findAll { plan -> plan.predict }
    of = shapes.map { meta, shape -> [meta.id, meta, shape] }

    // Records carry their sequences; what may be intervals gets the genome where there is one.
    def located = wanted.findAll { plan -> plan.genome && !plan.predict.records }
    records = channel.fromList(wanted - located)
        .map { plan -> [plan.id, [name: plan.predict.name, genome: null], plan.predict.path, [], []] }
    intervals = channel.fromList(located)
        .map { plan -> [plan.genome, plan] }
        .combine(genomes, by: 0)
        .map { genome, plan, fasta, indexes -> [plan.id, [name: plan.predict.name, genome: genome.name], plan.predict.path, fasta, indexes] }

    PREDICTION_READ(
        records.mix(intervals)
            .combine(of, by: 0)
            .map { _id, spec, given, fasta, indexes, meta, shape -> [meta, spec, given, shape, fasta, indexes] },
        code.PREDICTION_READ,
    )

    status = PREDICTION_READ.out.status
    sequences = PREDICTION_READ.out.sequences

    emit:
    status      // [ [id: 'oct4', ...], oct4.predict.status.json ]
    sequences   // [ [id: 'oct4', ...], oct4.predict.parquet ]
}

// A user's sequences predicted by all models that the run has trained on a data set.
workflow PREDICT {
    take:
    models        // [ run, model.safetensors, dataset.parquet ]
    calibrations  // [ run, calibration.json ]
    diverged      // [ run, run.diverged.json ]
    replicates    // [ oct4, 3 ]: models of each architecture
    sequences     // [ [id: 'oct4', ...], oct4.predict.parquet ]
    plans         // [ oct4: [predict: [...] or null, options: [...]], ... ]
    code

    main:
    // All models of a data set, as soon as the last of them is there; nothing where all have diverged.
    files = models.join(calibrations, failOnDuplicate: true)
        .map { run, model, dataset, calibration -> [run.dataset, run, [model, dataset, calibration]] }
        .mix(diverged.map { run, _why -> [run.dataset, run, []] })
        .filter { id, _run, _some -> plans[id].predict }
        .combine(replicates, by: 0)
        .map { id, run, some, count -> [groupKey(id, count * modelsOf(plans[id]).size()), run, some] }
        .groupTuple()
        .map { key, runs, some -> [key.getGroupTarget(), runs.any { run -> run.torch }, some.flatten().unique { path -> path.name }.sort { path -> path.name }] }
        .filter { _id, _torch, some -> some }

    PREDICTION_MAKE(
        files.join(sequences.map { meta, found -> [meta.id, found] })
            .map { id, torch, some, found -> [[id: id, torch: torch], plans[id].options.predict, some, found] },
        code.PREDICTION_MAKE,
    )

    summary = PREDICTION_MAKE.out.summary

    emit:
    files = summary   // [ [id: 'oct4', ...], oct4.predicted.json ]
}

// The same by the models of an earlier run.
workflow PREDICT_EARLIER {
    take:
    sequences   // [ [id: 'oct4', ...], oct4.predict.parquet ]
    plans       // list of [id: 'oct4', torch: false, files: [model.safetensors, dataset.parquet, ...], options: [predict: [...]], ...]
    code

    main:
    def known = plans.collectEntries { plan -> [plan.id, plan] }
    PREDICTION_MAKE(
        sequences.map { meta, found -> [[id: meta.id, torch: known[meta.id].torch], known[meta.id].options.predict, known[meta.id].files, found] },
        code.PREDICTION_MAKE,
    )

    summary = PREDICTION_MAKE.out.summary

    emit:
    files = summary   // [ [id: 'oct4', ...], oct4.predicted.json ]
}

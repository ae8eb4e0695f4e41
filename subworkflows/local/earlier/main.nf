include { modelOf; bestOf } from '../train/replicates.nf'

// The models of an earlier run, and what it found in them: the channels of TRAIN and INTERPRET, read from its results.
workflow EARLIER {
    take:
    plans   // list of [id: 'oct4', dataset: path or null, runs: [ [run: [id: 'oct4.explainn.r1', ...], files: [model: path, ...]], ... ], tables: [explainn: [evidence: path, ...]], ...]

    main:
    def all = plans.collectMany { plan -> plan.runs.collect { one -> one + [dataset: plan.dataset ?: []] } }
    def readableRuns = all.findAll { one -> one.run.architecture == 'explainn' && one.files.units }

    models = channel.fromList(all.collect { one -> [one.run, one.files.model, one.dataset] })
    readable = channel.fromList(readableRuns.collect { one -> [one.run, one.files.model, one.dataset] })
    predictions = channel.fromList(all.findAll { one -> one.files.predictions }.collect { one -> [one.run, one.files.predictions] })
    calibrations = channel.fromList(all.collect { one -> [one.run, one.files.calibration ?: one.files.predictions ?: []] })
    units = channel.fromList(readableRuns.findAll { one -> one.files.meme }.collect { one -> [one.run, one.files.meme, [one.files.units]] })
    best = channel.fromList(all.groupBy { one -> modelOf(one.run) }.values().collect { some -> [bestOf(some.collect { one -> [run: one.run, epochs: one.files.history] })] })
    replicates = channel.fromList(plans.collect { plan -> [plan.id, plan.runs.countBy { one -> one.run.model }.values().max()] })
    // Earlier versions made no evidence: there the annotation of the units tells the rows of motifs.
    named = channel.fromList(
        readableRuns.collect { one -> [modelOf(one.run), plans.find { plan -> plan.id == one.run.dataset }.tables[one.run.model]] }.unique()
            .collectMany { meta, tables -> [[meta, tables.units], [meta, [tables.evidence ?: tables.units] + (tables.evidence && tables.evidence_meme ? [tables.evidence_meme] : [])]] }
    )
    // Logos for the report.
    motifs = channel.fromList(plans.collectMany { plan -> plan.tables.values()*.evidence_meme.findAll { path -> path }.collect { path -> [[id: plan.id], path] } })

    emit:
    models        // [ run, model.safetensors, dataset.parquet or [] ]
    readable      // only units can be read one by one
    best          // [ run ] of the best replicate of every model
    predictions   // [ run, predictions.parquet ], where there are some
    calibrations  // [ run, calibration.json ]; of old runs the predictions, of which it can be made, or []
    units         // [ run, units.meme, [units.tsv] ]
    named         // [ [id: 'oct4.explainn', ...], oct4.explainn.units.tsv or [oct4.explainn.evidence.tsv, oct4.explainn.evidence.meme] ]
    replicates    // [ oct4, 3 ]
    motifs        // [ [id: 'oct4'], oct4.explainn.evidence.meme ]
}

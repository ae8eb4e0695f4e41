include { ATTRIBUTION_MAKE } from '../../../modules/local/attribution/make'
include { byModel } from '../train/replicates.nf'

// The predictions of every model attributed to bases, and the motifs in that beside the units of explainn.
workflow ATTRIBUTE {
    take:
    models        // [ run, model.safetensors, dataset.parquet ], of all architectures
    history       // [ run, history.tsv ], by which the best replicate is chosen
    predictions   // [ run, predictions.parquet ]
    units         // [ run, units.meme, [effects.tsv, units.tsv, ...] ], of explainn
    motifs        // [ [motif_db: null, ...], known_motifs.meme ]
    plans         // [ oct4: [replicates: 3, models: [...], options: [attribute: [attribution: true, ...], ...], known: [...]], ... ]
    code

    main:
    def wanted = plans.findAll { _id, plan -> plan.options.attribute.attribution }
    // Of several numbers of units the largest stands beside the attributions.
    def largest = wanted.collectEntries { id, plan -> [id, plan.units.size() > 1 ? "explainn_u${plan.units.max()}".toString() : 'explainn'] }

    // [ 'oct4', [r1.units.meme, r1.history.tsv, r2...] ]
    found = units
        .filter { run, _meme, _tables -> run.model == largest[run.dataset] }
        .join(history)
        .map { run, meme, _tables, epochs -> [groupKey(run.dataset, plans[run.dataset].replicates as int), [meme, epochs]] }
        .groupTuple(remainder: true)   // a replicate that diverged has no files
        .map { key, files -> [key.getGroupTarget(), files.flatten().sort { path -> path.name }] }
    // No files where explainn was not trained, or has diverged in all replicates.
    def (expected, absent) = wanted.keySet().toList().split { id -> 'explainn' in plans[id].models }
    beside = channel.fromList(expected.collect { id -> [id, 'explainn'] })
        .join(found, remainder: true)
        .map { id, _name, files -> [id, files ?: []] }
        .mix(channel.fromList(absent.collect { id -> [id, []] }))

    // [ 'oct4', [id: 'oct4.cnn1', ...], [r1.model.safetensors, r1.history.tsv, r1.predictions.parquet, r2...], oct4.dataset.parquet ]
    trained = byModel(
        models
            .filter { run, _model, _dataset -> run.dataset in wanted.keySet() && !(run.architecture in ['single_layer', 'nam']) }
            .join(history)
            .join(predictions)
            .map { run, model, dataset, epochs, predicted -> [run, [model, epochs, predicted], dataset] },
        plans,
    ).map { meta, files, dataset -> [meta.dataset, meta, files, dataset] }

    ATTRIBUTION_MAKE(
        trained.combine(beside, by: 0)
            .map { id, meta, files, dataset, known -> [plans[id].known, meta, files, dataset, known] }
            .combine(motifs, by: 0)
            .map { _key, meta, files, dataset, own, known ->
                def options = plans[meta.dataset].options
                [meta, options.annotate + options.attribute, files, dataset, known, own]
            },
        code,
    )

    files = ATTRIBUTION_MAKE.out.tables.mix(ATTRIBUTION_MAKE.out.patterns)

    emit:
    files   // [ [id: 'oct4.explainn', ...], [oct4.explainn.r1.attribution.tsv, oct4.explainn.r1.patterns.tsv] or oct4.explainn.r1.patterns.meme ]
}

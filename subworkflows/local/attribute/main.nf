include { ATTRIBUTION_MAKE } from '../../../modules/local/attribution/make'
include { pretrainedArchitectures } from '../validate/features.nf'

// Attributions of the predictions of every model, and their motifs compared with the units of explainn.
workflow ATTRIBUTE {
    take:
    models        // [ run, model.safetensors, dataset.parquet ], of all architectures
    best          // [ run ] of the best replicate of every model
    predictions   // [ run, predictions.parquet ]
    units         // [ run, units.meme, [effects.tsv, units.tsv, ...] ], of explainn
    motifs        // [ [motif_db: null, ...], known_motifs.meme ]
    plans         // [ oct4: [models: [...], options: [attribute: [attribution: true, ...], ...], known: [...]], ... ]
    code

    main:
    def heads = pretrainedArchitectures()
    def wanted = plans.findAll { _id, plan -> plan.options.attribute.attribution }
    // Of several numbers of units the largest stands beside the attributions.
    def largest = wanted.collectEntries { id, plan -> [id, plan.units.size() > 1 ? "explainn_u${plan.units.max()}".toString() : 'explainn'] }

    // [ 'oct4', oct4.explainn.r1.units.meme ]
    found = units
        .filter { run, _meme, _tables -> run.model == largest[run.dataset] }
        .join(best)
        .map { run, meme, _tables -> [run.dataset, meme] }
    // No file where explainn was not trained, or has diverged in all replicates.
    def (expected, absent) = wanted.keySet().toList().split { id -> 'explainn' in plans[id].models }
    beside = channel.fromList(expected.collect { id -> [id, 'explainn'] })
        .join(found, remainder: true)
        .map { id, _name, meme -> [id, meme ?: []] }
        .mix(channel.fromList(absent.collect { id -> [id, []] }))

    // [ 'oct4', [id: 'oct4.cnn1.r1', ...], r1.model.safetensors, oct4.dataset.parquet, r1.predictions.parquet ]
    trained = models
        .filter { run, _model, _dataset -> run.dataset in wanted.keySet() && !(run.architecture in heads) }
        .join(best)
        .join(predictions)
        .map { run, model, dataset, predicted -> [run.dataset, run, model, dataset, predicted] }

    ATTRIBUTION_MAKE(
        trained.combine(beside, by: 0)
            .map { id, run, model, dataset, predicted, own -> [plans[id].known, run, model, dataset, predicted, own] }
            .combine(motifs, by: 0)
            .map { _key, run, model, dataset, predicted, own, known ->
                def options = plans[run.dataset].options
                [run, options.annotate + options.attribute, model, predicted, dataset, known, own]
            },
        code.ATTRIBUTION_MAKE,
    )

    files = ATTRIBUTION_MAKE.out.tables.mix(ATTRIBUTION_MAKE.out.patterns)

    emit:
    files   // [ run, [oct4.explainn.r1.attribution.tsv, oct4.explainn.r1.patterns.tsv] or oct4.explainn.r1.patterns.meme ]
}

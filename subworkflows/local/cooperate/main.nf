include { COOPERATIVITY_PAIR } from '../../../modules/local/cooperativity/pair'
include { COOPERATIVITY_MEASURE } from '../../../modules/local/cooperativity/measure'
include { modelOf } from '../train/replicates.nf'
include { pretrainedArchitectures } from '../validate/features.nf'

// Predictions of every model for pairs of motifs at every distance in random sequences.
workflow COOPERATE {
    take:
    models   // [ run, model.safetensors, dataset.parquet ], of every architecture
    best     // [ run ] of the best replicate of every model
    units    // [ run, units.meme, [effects.tsv, units.tsv, ...] ]
    named    // [ [id: 'oct4.explainn', dataset: 'oct4', ...], file or files ]: the final units, ...
    motifs   // [ [motif_db: null, ...], known_motifs.meme ]
    plans    // [ oct4: [options: [cooperate: [cooperativity: 'top', ...], ...], known: [...]], ... ]
    code

    main:
    wanted = models.filter { run, _model, _dataset -> plans[run.dataset].options.cooperate.cooperativity }
    asked = wanted.map { run, _model, _dataset -> [run.dataset, [id: run.dataset, assay: run.assay]] }.unique()

    // Only the leading units must be waited for: [ 'oct4', [oct4.explainn.units.tsv, oct4.explainn.r1.units.meme, ...] ]
    read = units.join(best).map { run, meme, _tables -> [modelOf(run), meme] }
        .join(named.filter { _meta, file -> (file instanceof Path) && file.name.endsWith('.units.tsv') })
        .map { meta, meme, table -> [meta.dataset, [meme, table]] }
        .filter { id, _file -> plans[id].options.cooperate.cooperativity == 'top' }
        .groupTuple()

    COOPERATIVITY_PAIR(
        asked.filter { id, _meta -> plans[id].options.cooperate.cooperativity == 'top' }
            .join(read, remainder: true)
            .filter { _id, meta, _files -> meta }
            .mix(asked.filter { id, _meta -> plans[id].options.cooperate.cooperativity != 'top' }.map { id, meta -> [id, meta, []] })
            .map { id, meta, files -> [plans[id].known, meta, (files ?: []).flatten().sort { path -> path.name }] }
            .combine(motifs, by: 0)
            .map { _known, meta, files, known -> [meta, plans[meta.id].options.cooperate, known, files] },
        code.COOPERATIVITY_PAIR,
    )
    COOPERATIVITY_MEASURE(
        wanted.join(best).map { run, model, dataset -> [run.dataset, run, model, dataset] }
            .combine(COOPERATIVITY_PAIR.out.pairs.map { meta, pairs -> [meta.id, pairs] }, by: 0)
            .map { id, run, model, dataset, pairs -> [run, plans[id].options.cooperate + trustOf(plans[id], run), model, dataset, pairs] },
        code.COOPERATIVITY_MEASURE,
    )

    files = COOPERATIVITY_MEASURE.out.measured

    emit:
    files   // [ run, [oct4.explainn.r1.cooperativity.tsv, oct4.explainn.r1.cooperativity_verdict.tsv] ]
}

// Only models built on pretrained ones may hold programs.
def trustOf(Map plan, Map run) {
    return run.architecture in pretrainedArchitectures() ? plan.training[run.architecture].subMap(['trust_programs']) : [:]
}

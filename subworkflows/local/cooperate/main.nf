include { COOPERATIVITY_PAIR } from '../../../modules/local/cooperativity/pair'
include { COOPERATIVITY_MEASURE } from '../../../modules/local/cooperativity/measure'
include { byModel } from '../train/replicates.nf'

// Pairs of motifs at every distance in random sequences: what every model makes of them.
workflow COOPERATE {
    take:
    models   // [ run, model.safetensors, dataset.parquet ], of every architecture
    history  // [ run, history.tsv ], by which the best replicate is chosen
    units    // [ run, units.meme, [effects.tsv, units.tsv, ...] ]
    named    // [ [id: 'oct4.explainn', dataset: 'oct4', ...], file or files ]: the final units, the verdict, ...
    motifs   // [ [motif_db: null, ...], known_motifs.meme ]
    plans    // [ oct4: [options: [cooperate: [cooperativity: 'top', ...], ...], known: [...]], ... ]
    code

    main:
    wanted = models.filter { run, _model, _dataset -> plans[run.dataset].options.cooperate.cooperativity }
    asked = wanted.map { run, _model, _dataset -> [run.dataset, [id: run.dataset, assay: run.assay]] }.unique()

    // The best replicate of a model speaks for it.
    trained = byModel(wanted.join(history).map { run, model, dataset, epochs -> [run, [model, epochs], dataset] }, plans)

    // Only the leading units must be waited for: [ 'oct4', [oct4.explainn.units.tsv, oct4.explainn.verdict.json, oct4.explainn.r1.units.meme, ...] ]
    read = named
        .filter { _meta, file -> file instanceof Path && (file.name.endsWith('.units.tsv') || file.name.endsWith('.verdict.json')) }
        .map { meta, file -> [meta.dataset, file] }
        .mix(units.map { run, meme, _tables -> [run.dataset, meme] })
        .filter { id, _file -> plans[id].options.cooperate.cooperativity == 'top' }
        .groupTuple()

    COOPERATIVITY_PAIR(
        asked.filter { id, _meta -> plans[id].options.cooperate.cooperativity == 'top' }
            .join(read, remainder: true)
            .filter { _id, meta, _files -> meta }
            .mix(asked.filter { id, _meta -> plans[id].options.cooperate.cooperativity != 'top' }.map { id, meta -> [id, meta, []] })
            .map { id, meta, files -> [plans[id].known, meta, (files ?: []).sort { path -> path.name }] }
            .combine(motifs, by: 0)
            .map { _known, meta, files, known -> [meta, plans[meta.id].options.cooperate, known, files] },
        code,
    )
    COOPERATIVITY_MEASURE(
        trained.map { meta, files, dataset -> [meta.dataset, meta, files, dataset] }
            .combine(COOPERATIVITY_PAIR.out.pairs.map { meta, pairs -> [meta.id, pairs] }, by: 0)
            .map { id, meta, files, dataset, pairs -> [meta, plans[id].options.cooperate, files, dataset, pairs] },
        code,
    )

    files = COOPERATIVITY_MEASURE.out.measured

    emit:
    files   // [ [id: 'oct4.explainn', ...], [oct4.explainn.r1.cooperativity.tsv, oct4.explainn.r1.cooperativity_verdict.tsv] ]
}

include { EXPLANATION_MAKE } from '../../../modules/local/explanation/make'
include { byModel } from '../train/replicates.nf'

// What every unit adds to the prediction of a user's sequences, and where its motif lies in them.
workflow EXPLAIN {
    take:
    readable    // [ run, model.safetensors, dataset.parquet ]
    history     // [ run, history.tsv ], by which the best replicate is chosen
    units       // [ run, units.meme, [effects.tsv, units.tsv, ...] ]
    named       // [ [id: 'oct4.explainn', ...], oct4.explainn.units.tsv or another file ]
    sequences   // [ [id: 'oct4', ...], oct4.explain.parquet ], of the data sets that are to explain some
    plans       // [ oct4: [replicates: 3, explain: [...], options: [...]], ... ]
    code

    main:
    // [ [id: 'oct4.explainn', ...], [r1.model.safetensors, r1.history.tsv, r1.units.tsv, r2...], oct4.dataset.parquet ]
    models = byModel(
        readable
            .filter { run, _model, _dataset -> plans[run.dataset].explain }
            .join(history)
            .join(units)
            .map { run, model, dataset, epochs, _meme, tables -> [run, [model, epochs] + tables.findAll { path -> path.name.endsWith('.units.tsv') }, dataset] },
        plans,
    )

    EXPLANATION_MAKE(
        models
            .join(named.filter { _meta, file -> file instanceof Path && file.name.endsWith('.units.tsv') })
            .map { meta, files, _dataset, names -> [meta.dataset, meta, files, names] }
            .combine(sequences.map { meta, found -> [meta.id, found] }, by: 0)
            .map { id, meta, files, names, found -> [meta, plans[id].options.explain, files, names, found] },
        code,
    )

    files = EXPLANATION_MAKE.out.shown

    emit:
    files   // [ [id: 'oct4.explainn', ...], [oct4.explainn.r1.explained.tsv, oct4.explainn.r1.explained_01.svg, ...] ]
}

include { EXPLANATION_MAKE } from '../../../modules/local/explanation/make'
include { modelOf; rowsOf } from '../train/replicates.nf'

// Contribution of every unit to the predictions of a user's sequences, motif positions, and effects of mutations.
workflow EXPLAIN {
    take:
    readable    // [ run, model.safetensors, dataset.parquet ]
    best        // [ run ] of the best replicate of every model
    units       // [ run, units.meme, [effects.tsv, units.tsv, ...] ]
    named       // [ [id: 'oct4.explainn', ...], oct4.explainn.units.tsv or another file ]
    sequences   // [ [id: 'oct4', ...], oct4.explain.parquet ], of the data sets that are to explain some
    plans       // [ oct4: [explain: [...], options: [...]], ... ]
    code

    main:
    // [ [id: 'oct4.explainn', ...], run, r1.model.safetensors, r1.units.tsv ]
    models = readable
        .filter { run, _model, _dataset -> plans[run.dataset].explain }
        .join(best)
        .join(units)
        .map { run, model, _dataset, _meme, tables -> [modelOf(run), run, model, tables.find { path -> path.name == "${run.id}.units.tsv".toString() }] }

    EXPLANATION_MAKE(
        models
            .join(named.filter { _meta, file -> (file instanceof Path) && file.name.endsWith('.units.tsv') })
            .join(rowsOf(named))
            .map { meta, run, model, own, names, rows -> [meta.dataset, run, model, own, names, rows] }
            .combine(sequences.map { meta, found -> [meta.id, found] }, by: 0)
            .map { id, run, model, own, names, rows, found -> [run, plans[id].options.explain, model, own, names, rows, found] },
        code.EXPLANATION_MAKE,
    )

    files = EXPLANATION_MAKE.out.shown

    emit:
    files   // [ run, [oct4.explainn.r1.explained.tsv, oct4.explainn.r1.explained_01.svg, ...] ]
}

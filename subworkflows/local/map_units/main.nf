include { UNITS_MAP } from '../../../modules/local/units/map'
include { byModel } from '../train/replicates.nf'

// A map of the sequences of every data set by what the units see in them.
workflow MAP_UNITS {
    take:
    readable      // [ run, model.safetensors, dataset.parquet ]
    history       // [ run, history.tsv ], by which the best replicate is chosen
    predictions   // [ run, predictions.parquet ]
    plans         // [ oct4: [replicates: 3, options: [map: [unit_maps: true, ...], ...]], ... ]
    code

    main:
    // [ [id: 'oct4.explainn', ...], [r1.model.safetensors, r1.history.tsv, r1.predictions.parquet, r2...], oct4.dataset.parquet ]
    models = byModel(
        readable
            .filter { run, _model, _dataset -> plans[run.dataset].options.map.unit_maps }
            .join(history)
            .join(predictions)
            .map { run, model, dataset, epochs, predicted -> [run, [model, epochs, predicted], dataset] },
        plans,
    )

    UNITS_MAP(models.map { meta, files, dataset -> [meta, plans[meta.dataset].options.map, files, dataset] }, code)

    files = UNITS_MAP.out.map

    emit:
    files   // [ [id: 'oct4.explainn', ...], oct4.explainn.r1.umap.tsv ]
}

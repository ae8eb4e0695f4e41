include { UNITS_MAP } from '../../../modules/local/units/map'

// A UMAP of the sequences of every data set by the outputs of the units.
workflow MAP_UNITS {
    take:
    readable      // [ run, model.safetensors, dataset.parquet ]
    best          // [ run ] of the best replicate of every model
    predictions   // [ run, predictions.parquet ]
    plans         // [ oct4: [options: [map: [unit_maps: true, ...], ...]], ... ]
    code

    main:
    UNITS_MAP(
        readable
            .filter { run, _model, _dataset -> plans[run.dataset].options.map.unit_maps }
            .join(best)
            .join(predictions)
            .map { run, model, dataset, predicted -> [run, plans[run.dataset].options.map, model, dataset, predicted] },
        code.UNITS_MAP,
    )

    files = UNITS_MAP.out.map

    emit:
    files   // [ run, oct4.explainn.r1.umap.tsv ]
}

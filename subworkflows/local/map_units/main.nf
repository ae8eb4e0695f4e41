include { UNITS_MAP } from '../../../modules/local/units/map'

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
    models = readable
        .filter { run, _model, _dataset -> plans[run.dataset].options.map.unit_maps }
        .join(history)
        .join(predictions)
        .map { run, model, dataset, epochs, predicted ->
            def meta = [id: "${run.dataset}.${run.model}".toString(), dataset: run.dataset, assay: run.assay, model: run.model]
            [groupKey(meta, plans[run.dataset].replicates as int), [model, epochs, predicted], dataset]
        }
        .groupTuple(remainder: true)   // a replicate that diverged has no files
        .map { key, files, dataset -> [key.getGroupTarget(), files.flatten().sort { path -> path.name }, dataset[0]] }

    UNITS_MAP(models.map { meta, files, dataset -> [meta, plans[meta.dataset].options.map, files, dataset] }, code)

    files = UNITS_MAP.out.map

    emit:
    files   // [ [id: 'oct4.explainn', ...], oct4.explainn.r1.umap.tsv ]
}

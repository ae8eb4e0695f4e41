include { PREDICTION_SCORE } from '../../../modules/local/prediction/score'

// Every new data set, prepared as in training, predicted and scored by the models of every chosen data set of an earlier run.
workflow SCORE_NEW {
    take:
    datasets   // [ [id: 'new', assay: 'peaks'], new.dataset.parquet ]
    plans      // list of [id: 'oct4', input: true, dataset: path or null, runs: [ [run: [...], files: [model: path, ...]], ... ], options: [predict: [...]], ...]
    code

    main:
    // [ 'oct4', torch, [model.safetensors, calibration.json or predictions.parquet, ..., dataset.parquet] ]
    def asked = plans.findAll { plan -> plan.input }.collect { plan ->
        def files = plan.runs.collectMany { one -> [one.files.model, one.files.calibration ?: one.files.predictions] } + [plan.dataset]
        [plan, plan.runs.any { one -> one.run.torch }, files.findAll { path -> path }]
    }
    PREDICTION_SCORE(
        datasets.flatMap { meta, dataset ->
            asked.collect { plan, torch, files ->
                [[id: "${meta.id}.by_${plan.id}".toString(), dataset: meta.id, of: plan.id, torch: torch], plan.options.predict, files, dataset]
            }
        },
        code.PREDICTION_SCORE,
    )

    files = PREDICTION_SCORE.out.scores

    emit:
    files   // [ [id: 'new.by_oct4', ...], new.by_oct4.new_data.json ]
}

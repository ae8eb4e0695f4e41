include { LEARNING_CURVE_MEASURE } from '../../../modules/local/learning_curve/measure'
include { needsTorch } from '../validate/environment.nf'

// Estimates the gain from more data for ExplaiNN, by training on parts of the data.
workflow LEARNING_CURVE {
    take:
    datasets   // [ [id: 'oct4', assay: 'sequences'], oct4.dataset.parquet ]
    plans      // [ oct4: [units: [100], training: [explainn: [...]], options: [curve: [learning_curve: true]], ...], ... ]
    code

    main:
    LEARNING_CURVE_MEASURE(
        datasets
            .filter { meta, _dataset -> plans[meta.id].options.curve.learning_curve }
            .map { meta, dataset ->
                def plan = plans[meta.id]
                [[id: meta.id, torch: needsTorch('explainn', plan.training.explainn)], plan.training.explainn + [units: plan.units.max()], dataset]
            },
        code.LEARNING_CURVE_MEASURE,
    )

    files = LEARNING_CURVE_MEASURE.out.curve

    emit:
    files   // [ [id: 'oct4', ...], [oct4.learning_curve.json, oct4.learning_curve.tsv] ]
}

include { MODEL_NULLIFY } from '../../../modules/local/model/nullify'
include { pretrainedArchitectures } from '../validate/features.nf'

// Every model whose data set asks for it, ExplaiNN or not, without one filter or unit at a time.
workflow NULLIFY {
    take:
    models        // [ run, model.safetensors, dataset.parquet ]
    predictions   // [ run, predictions.parquet ]
    plans         // [ oct4: [options: [nullify: [nullification: true, ...], ...]], ... ]
    code

    main:
    def heads = pretrainedArchitectures()
    MODEL_NULLIFY(
        models.filter { run, _model, _dataset -> plans[run.dataset].options.nullify.nullification && !(run.architecture in heads) }
            .join(predictions, failOnDuplicate: true)
            .map { run, model, dataset, logits -> [run, plans[run.dataset].options.nullify, model, dataset, logits] },
        code.MODEL_NULLIFY,
    )

    files = MODEL_NULLIFY.out.influence

    emit:
    files   // [ run, oct4.danq.r1.nullification.tsv ]
}

include { UNITS_TRANSFER } from '../../../modules/local/units/transfer'
include { pretrainedArchitectures } from '../validate/features.nf'

// Effect of each output of the pretrained models in each task of the models built on them.
workflow TRANSFER {
    take:
    models        // [ run, model.safetensors, dataset.parquet ], of all architectures
    predictions   // [ run, predictions.parquet ]
    plans         // [ oct4: [training: [nam: [kernel: 'auto', ...]], ...], ... ]
    code

    main:
    def heads = pretrainedArchitectures()
    UNITS_TRANSFER(
        models.filter { run, _model, _dataset -> run.architecture in heads }
            .join(predictions)
            .map { run, model, dataset, predicted -> [run, plans[run.dataset].training[run.architecture].subMap(['kernel', 'trust_programs']), model, dataset, predicted] },
        code.UNITS_TRANSFER,
    )

    files = UNITS_TRANSFER.out.units

    emit:
    files   // [ [id: 'bins.nam.r1', ...], bins.nam.r1.transfer.tsv ]
}

include { PRETRAINED_READ } from '../../../modules/local/pretrained/read'

// The models that others are to be made of: read before any training, so that a mistake in them costs none.
workflow READ_PRETRAINED {
    take:
    plans      // list of [id: 'bins', pretrained: [path, ...], options: [train: [pretrained_length: null, ...], ...]]
    datasets   // [ [id: 'bins', assay: 'accessibility'], bins.dataset.parquet ]
    code

    main:
    wanted = channel.fromList(plans.findAll { plan -> plan.pretrained }).map { plan -> [plan.id, plan] }
    PRETRAINED_READ(
        datasets.map { meta, dataset -> [meta.id, meta, dataset] }
            .join(wanted)
            .map { _id, meta, dataset, plan -> [meta, plan.options.train.pretrained_length, plan.pretrained, dataset] },
        code,
    )

    status = PRETRAINED_READ.out.status

    emit:
    status   // bins.pretrained.status.json
}

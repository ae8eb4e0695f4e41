include { PRETRAINED_READ } from '../../../modules/local/pretrained/read'

// The models that others are to be made of: read before any training, so that a mistake in them costs none.
workflow READ_PRETRAINED {
    take:
    plans      // list of [id: 'bins', pretrained: [path, ...], training: [nam: [pretrained_length: null, ...]]]
    headers    // [ [id: 'bins', assay: 'accessibility'], bins.header.json ]
    code

    main:
    wanted = channel.fromList(plans.findAll { plan -> plan.pretrained }).map { plan -> [plan.id, plan] }
    PRETRAINED_READ(
        headers.map { meta, header -> [meta.id, meta, header] }
            .join(wanted)
            .map { _id, meta, header, plan -> [meta, plan.training.values()*.pretrained_length.find(), plan.pretrained, header] },
        code.PRETRAINED_READ,
    )

    status = PRETRAINED_READ.out.status

    emit:
    status   // [ [id: 'bins', ...], bins.pretrained.status.json ]
}

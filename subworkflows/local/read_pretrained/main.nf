include { PRETRAINED_READ } from '../../../modules/local/pretrained/read'
include { readingOf } from '../validate/shared.nf'

// Reads the pretrained models before any training, so that errors are found early.
workflow READ_PRETRAINED {
    take:
    plans      // list of [id: 'bins', pretrained: [[name: 'factors/...', path: ...], ...], training: [nam: [pretrained_length: null, ...]]]
    headers    // [ [id: 'bins', assay: 'accessibility'], bins.header.json ]
    code

    main:
    wanted = channel.fromList(plans.findAll { plan -> plan.pretrained }).map { plan -> [plan.id, plan] }
    PRETRAINED_READ(
        headers.map { meta, header -> [meta.id, meta, header] }
            .join(wanted)
            .map { _id, meta, header, plan -> [meta, readingOf(plan), plan.pretrained*.name, plan.pretrained*.path, header] },
        code.PRETRAINED_READ,
    )

    status = PRETRAINED_READ.out.status

    emit:
    status   // [ [id: 'bins', ...], bins.pretrained.status.json ]
}

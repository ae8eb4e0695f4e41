include { DATASET_PREPARE as SMILESEQ_PREPARE } from '../../../modules/local/dataset/prepare'

// Bound reads and their shuffles become a data set.
workflow PREPARE_SMILESEQ {
    take:
    plans   // list of [id: 'prdm13', assay: 'smileseq', spec: [...], names: [...], files: [...]]
    code

    main:
    SMILESEQ_PREPARE(
        channel.fromList(plans).map { plan -> [[id: plan.id, assay: plan.assay], plan.spec, plan.names, plan.files] },
        code.SMILESEQ_PREPARE,
    )

    status = SMILESEQ_PREPARE.out.status
    dataset = SMILESEQ_PREPARE.out.dataset
    header = SMILESEQ_PREPARE.out.header
    tables = SMILESEQ_PREPARE.out.tables

    emit:
    status    // [ [id: 'prdm13', assay: 'smileseq'], prdm13.status.json ]
    dataset   // only of what can be used
    header    // [ meta, header.json ]: what the data set says of itself
    tables
}

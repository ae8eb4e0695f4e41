include { DATASET_PREPARE as STARRSEQ_PREPARE } from '../../../modules/local/dataset/prepare'

// Tables of sequences with activities become a data set.
workflow PREPARE_STARRSEQ {
    take:
    plans   // list of [id: 'leaf', assay: 'starrseq', spec: [...], names: [...], files: [...]]
    code

    main:
    STARRSEQ_PREPARE(
        channel.fromList(plans).map { plan -> [[id: plan.id, assay: plan.assay], plan.spec, plan.names, plan.files] },
        code.STARRSEQ_PREPARE,
    )

    status = STARRSEQ_PREPARE.out.status
    dataset = STARRSEQ_PREPARE.out.dataset
    header = STARRSEQ_PREPARE.out.header
    tables = STARRSEQ_PREPARE.out.tables

    emit:
    status    // [ [id: 'leaf', assay: 'starrseq'], leaf.status.json ]
    dataset   // only of what can be used
    header    // [ meta, header.json ]: what the data set says of itself
    tables
}

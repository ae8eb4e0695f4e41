include { DATASET_PREPARE as STARRSEQ_PREPARE } from '../../../modules/local/dataset/prepare'

// Tables of sequences with activities become a data set.
workflow PREPARE_STARRSEQ {
    take:
    plans   // list of [id: 'leaf', assay: 'starrseq', spec: [...], names: [...], files: [...]]
    code

    main:
    STARRSEQ_PREPARE(
        channel.fromList(plans).map { plan -> [[id: plan.id, assay: plan.assay], plan.spec, plan.names, plan.files] },
        code,
    )

    emit:
    status  = STARRSEQ_PREPARE.out.status    // [ [id: 'leaf', assay: 'starrseq'], leaf.status.json ]
    dataset = STARRSEQ_PREPARE.out.dataset   // only of what can be used
    tables  = STARRSEQ_PREPARE.out.tables
}

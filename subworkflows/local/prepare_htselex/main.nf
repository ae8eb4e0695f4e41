include { DATASET_PREPARE as HTSELEX_PREPARE } from '../../../modules/local/dataset/prepare'

// Reads of every cycle become a data set whose classes are the cycles.
workflow PREPARE_HTSELEX {
    take:
    plans   // list of [id: 'alx4', assay: 'htselex', spec: [...], names: [...], files: [...]]
    code

    main:
    HTSELEX_PREPARE(
        channel.fromList(plans).map { plan -> [[id: plan.id, assay: plan.assay], plan.spec, plan.names, plan.files] },
        code.HTSELEX_PREPARE,
    )

    status = HTSELEX_PREPARE.out.status
    dataset = HTSELEX_PREPARE.out.dataset
    header = HTSELEX_PREPARE.out.header
    tables = HTSELEX_PREPARE.out.tables

    emit:
    status    // [ [id: 'alx4', assay: 'htselex'], alx4.status.json ]
    dataset   // only of what can be used
    header    // [ meta, header.json ]: what the data set says of itself
    tables
}

include { DATASET_PREPARE as TABLE_PREPARE } from '../../../modules/local/dataset/prepare'

// A table of sequences with any labels becomes a data set.
workflow PREPARE_TABLE {
    take:
    plans   // list of [id: 'bins', assay: 'table', spec: [...], names: [...], files: [...]]
    code

    main:
    TABLE_PREPARE(
        channel.fromList(plans).map { plan -> [[id: plan.id, assay: plan.assay], plan.spec, plan.names, plan.files] },
        code.TABLE_PREPARE,
    )

    status = TABLE_PREPARE.out.status
    dataset = TABLE_PREPARE.out.dataset
    header = TABLE_PREPARE.out.header
    tables = TABLE_PREPARE.out.tables

    emit:
    status    // [ [id: 'bins', assay: 'table'], bins.status.json ]
    dataset   // only of what can be used
    header    // [ meta, header.json ]: what the data set says of itself
    tables
}

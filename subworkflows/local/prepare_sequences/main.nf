include { DATASET_PREPARE as SEQUENCES_PREPARE } from '../../../modules/local/dataset/prepare'

// FASTA files become a data set.
workflow PREPARE_SEQUENCES {
    take:
    plans   // list of [id: 'oct4', assay: 'sequences', spec: [...], names: [...], files: [...]]
    code

    main:
    SEQUENCES_PREPARE(
        channel.fromList(plans).map { plan -> [[id: plan.id, assay: plan.assay], plan.spec, plan.names, plan.files] },
        code.SEQUENCES_PREPARE,
    )

    status = SEQUENCES_PREPARE.out.status
    dataset = SEQUENCES_PREPARE.out.dataset
    header = SEQUENCES_PREPARE.out.header
    tables = SEQUENCES_PREPARE.out.tables

    emit:
    status    // [ [id: 'oct4', assay: 'sequences'], oct4.status.json ]
    dataset   // only of what can be used
    header    // [ meta, header.json ]: what the data set says of itself
    tables
}

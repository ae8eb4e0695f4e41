include { DATASET_PREPARE as PBM_PREPARE } from '../../../modules/local/dataset/prepare'

// Tables of probes with intensities become a data set.
workflow PREPARE_PBM {
    take:
    plans   // list of [id: 'cebpb', assay: 'pbm', spec: [...], names: [...], files: [...]]
    code

    main:
    PBM_PREPARE(
        channel.fromList(plans).map { plan -> [[id: plan.id, assay: plan.assay], plan.spec, plan.names, plan.files] },
        code.PBM_PREPARE,
    )

    status = PBM_PREPARE.out.status
    dataset = PBM_PREPARE.out.dataset
    header = PBM_PREPARE.out.header
    tables = PBM_PREPARE.out.tables

    emit:
    status    // [ [id: 'cebpb', assay: 'pbm'], cebpb.status.json ]
    dataset   // only of what can be used
    header    // [ meta, header.json ]: what the data set says of itself
    tables
}

include { DATASET_PREPARE as PBM_PREPARE } from '../../../modules/local/dataset/prepare'

// Tables of probes with intensities become a data set.
workflow PREPARE_PBM {
    take:
    plans   // list of [id: 'cebpb', assay: 'pbm', spec: [...], names: [...], files: [...]]
    code

    main:
    PBM_PREPARE(
        channel.fromList(plans).map { plan -> [[id: plan.id, assay: plan.assay], plan.spec, plan.names, plan.files] },
        code,
    )

    emit:
    status  = PBM_PREPARE.out.status    // [ [id: 'cebpb', assay: 'pbm'], cebpb.status.json ]
    dataset = PBM_PREPARE.out.dataset   // only of what can be used
    tables  = PBM_PREPARE.out.tables
}

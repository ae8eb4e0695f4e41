include { CELLS_DENOISE } from '../../../modules/local/cells/denoise'

// Single cells are denoised where that is asked for; their means are one more file of the data set, which its option denoised names.
workflow DENOISE_CELLS {
    take:
    plans   // list of [id: 'islets', assay: 'single_cell', spec: [...], names: [...], files: [...], options: [denoise: [peakvi: true, ...]], ...]
    code

    main:
    CELLS_DENOISE(
        channel.fromList(plans).map { plan ->
            def spec = plan.spec + [options: plan.spec.options.subMap(['regions', 'barcodes', 'clusters', 'cluster_column'])]   // all that says which cells there are
            [[id: plan.id, assay: plan.assay], spec, plan.names, plan.files, plan.options.denoise.findAll { name, _value -> name != 'peakvi' }]
        },
        code.CELLS_DENOISE,
    )

    denoised = CELLS_DENOISE.out.means
        .map { meta, means -> [meta.id, means] }
        .combine(channel.fromList(plans).map { plan -> [plan.id, plan] }, by: 0)
        .map { _id, means, plan ->
            plan + [names: plan.names + [means.name], files: plan.files + [means], spec: plan.spec + [options: plan.spec.options + [denoised: plan.files.size()]]]
        }
    status = CELLS_DENOISE.out.status

    emit:
    denoised   // plans, with the means among their files
    status     // [ [id: 'islets', assay: 'single_cell'], islets.denoise.status.json ]: mistakes in what was to be denoised
}

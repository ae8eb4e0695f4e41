include { CELLS_DENOISE } from '../../../modules/local/cells/denoise'
include { REGIONS_PREPARE as SINGLE_CELL_PREPARE } from '../../../modules/local/regions/prepare'

// Single cells with clusters become a data set; where it is asked for, they are denoised before.
workflow PREPARE_SINGLE_CELL {
    take:
    plans     // list of [id: 'islets', assay: 'single_cell', spec: [...], names: [...], files: [...], genome: [name: 'genome.fa', path: ...], options: [denoise: [peakvi: true, ...]]]
    genomes   // [ [name: 'genome.fa.gz', path: ...], [genome.fa, genome.fa.fai, ...] ]
    code

    main:
    def noisy = plans.findAll { plan -> plan.options.denoise.peakvi }
    CELLS_DENOISE(
        channel.fromList(noisy).map { plan ->
            def spec = plan.spec + [options: plan.spec.options.subMap(['regions', 'barcodes', 'clusters', 'cluster_column'])]   // all that says which cells there are
            [[id: plan.id, assay: plan.assay], spec, plan.names, plan.files, plan.options.denoise.findAll { name, _value -> name != 'peakvi' }]
        },
        code.CELLS_DENOISE,
    )

    // The means of the denoised cells are one more file of the data set, which its option denoised names.
    denoised = CELLS_DENOISE.out.means
        .map { meta, means -> [meta.id, means] }
        .combine(channel.fromList(noisy).map { plan -> [plan.id, plan] }, by: 0)
        .map { _id, means, plan ->
            [genome: plan.genome, id: plan.id, assay: plan.assay, names: plan.names + [means.name], files: plan.files + [means],
             spec: plan.spec + [options: plan.spec.options + [denoised: plan.files.size()]]]
        }

    SINGLE_CELL_PREPARE(
        channel.fromList(plans - noisy).mix(denoised)
            .map { plan -> [plan.genome, plan] }
            .combine(genomes, by: 0)
            .map { genome, plan, fasta -> [[id: plan.id, assay: plan.assay], plan.spec + [genome: genome.name], plan.names, plan.files, fasta] },
        code.SINGLE_CELL_PREPARE,
    )

    status = SINGLE_CELL_PREPARE.out.status
    dataset = SINGLE_CELL_PREPARE.out.dataset
    header = SINGLE_CELL_PREPARE.out.header
    tables = SINGLE_CELL_PREPARE.out.tables
    denoising = CELLS_DENOISE.out.status

    emit:
    status    // [ [id: 'islets', assay: 'single_cell'], islets.status.json ]
    dataset   // only of what can be used
    header    // [ meta, header.json ]: what the data set says of itself
    tables
    denoising   // [ meta, islets.denoise.status.json ]: mistakes in what was to be denoised
}

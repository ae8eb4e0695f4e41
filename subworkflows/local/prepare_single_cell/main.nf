include { REGIONS_PREPARE as SINGLE_CELL_PREPARE } from '../../../modules/local/regions/prepare'

// Single cells with clusters become a data set.
workflow PREPARE_SINGLE_CELL {
    take:
    plans     // list of [id: 'islets', assay: 'single_cell', spec: [...], names: [...], files: [...], genome: [name: 'genome.fa', path: ...]]
    genomes   // [ [name: 'genome.fa.gz', path: ...], [genome.fa, genome.fa.fai, ...] ]
    code

    main:
    SINGLE_CELL_PREPARE(
        channel.fromList(plans)
            .map { plan -> [plan.genome, plan] }
            .combine(genomes, by: 0)
            .map { genome, plan, fasta -> [[id: plan.id, assay: plan.assay], plan.spec + [genome: genome.name], plan.names, plan.files, fasta] },
        code,
    )

    status = SINGLE_CELL_PREPARE.out.status
    dataset = SINGLE_CELL_PREPARE.out.dataset
    tables = SINGLE_CELL_PREPARE.out.tables

    emit:
    status    // [ [id: 'islets', assay: 'single_cell'], islets.status.json ]
    dataset   // only of what can be used
    tables
}

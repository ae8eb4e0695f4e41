include { REGIONS_PREPARE as MATRIX_PREPARE } from '../../../modules/local/regions/prepare'

// Matrices of regions and factors become a data set.
workflow PREPARE_MATRIX {
    take:
    plans     // list of [id: 'hepg2', assay: 'matrix', spec: [...], names: [...], files: [...], genome: [name: 'genome.fa', path: ...]]
    genomes   // [ [name: 'genome.fa.gz', path: ...], [genome.fa, genome.fa.fai, ...] ]
    code

    main:
    MATRIX_PREPARE(
        channel.fromList(plans)
            .map { plan -> [plan.genome, plan] }
            .combine(genomes, by: 0)
            .map { genome, plan, fasta -> [[id: plan.id, assay: plan.assay], plan.spec + [genome: genome.name], plan.names, plan.files, fasta] },
        code.MATRIX_PREPARE,
    )

    status = MATRIX_PREPARE.out.status
    dataset = MATRIX_PREPARE.out.dataset
    header = MATRIX_PREPARE.out.header
    tables = MATRIX_PREPARE.out.tables

    emit:
    status    // [ [id: 'hepg2', assay: 'matrix'], hepg2.status.json ]
    dataset   // only of what can be used
    header    // [ meta, header.json ]: what the data set says of itself
    tables
}

include { REGIONS_PREPARE as PEAKS_PREPARE } from '../../../modules/local/regions/prepare'

// Peaks and their genome become a data set.
workflow PREPARE_PEAKS {
    take:
    plans     // list of [id: 'yeast', assay: 'peaks', spec: [...], names: [...], files: [...], genome: [name: 'genome.fa', path: ...]]
    genomes   // [ [name: 'genome.fa.gz', path: ...], [genome.fa, genome.fa.fai, ...] ]
    code

    main:
    PEAKS_PREPARE(
        channel.fromList(plans)
            .map { plan -> [plan.genome, plan] }
            .combine(genomes, by: 0)
            .map { genome, plan, fasta -> [[id: plan.id, assay: plan.assay], plan.spec + [genome: genome.name], plan.names, plan.files, fasta] },
        code.PEAKS_PREPARE,
    )

    status = PEAKS_PREPARE.out.status
    dataset = PEAKS_PREPARE.out.dataset
    header = PEAKS_PREPARE.out.header
    tables = PEAKS_PREPARE.out.tables

    emit:
    status    // [ [id: 'yeast', assay: 'peaks'], yeast.status.json ]
    dataset   // only of what can be used
    header    // [ meta, header.json ]: what the data set says of itself
    tables
}

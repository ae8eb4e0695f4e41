include { REGIONS_PREPARE as ACCESSIBILITY_PREPARE } from '../../../modules/local/regions/prepare'

// Accessibility of regions in samples becomes a data set.
workflow PREPARE_ACCESSIBILITY {
    take:
    plans     // list of [id: 'blood', assay: 'accessibility', spec: [...], names: [...], files: [...], genome: [name: 'genome.fa', path: ...]]
    genomes   // [ [name: 'genome.fa.gz', path: ...], [genome.fa, genome.fa.fai, ...] ]
    code

    main:
    ACCESSIBILITY_PREPARE(
        channel.fromList(plans)
            .map { plan -> [plan.genome, plan] }
            .combine(genomes, by: 0)
            .map { genome, plan, fasta -> [[id: plan.id, assay: plan.assay], plan.spec + [genome: genome.name], plan.names, plan.files, fasta] },
        code.ACCESSIBILITY_PREPARE,
    )

    status = ACCESSIBILITY_PREPARE.out.status
    dataset = ACCESSIBILITY_PREPARE.out.dataset
    header = ACCESSIBILITY_PREPARE.out.header
    tables = ACCESSIBILITY_PREPARE.out.tables

    emit:
    status    // [ [id: 'blood', assay: 'accessibility'], blood.status.json ]
    dataset   // only of what can be used
    header    // [ meta, header.json ]: what the data set says of itself
    tables
}

include { GENOME_INDEX } from '../../../modules/local/genome/index'
include { PEAKS_PREPARE } from '../../../modules/local/peaks/prepare'

// Peaks and their genome become a data set.
workflow PREPARE_PEAKS {
    take:
    plans   // list of [id: 'yeast', assay: 'peaks', spec: [...], names: [...], files: [...], genome: [name: 'genome.fa', path: ...]]
    code

    main:
    GENOME_INDEX(channel.fromList(plans*.genome.unique()).map { genome -> [genome, genome.path] }, code)

    // [ [name: 'genome.fa.gz', path: ...], [genome.fa, genome.fa.fai, ...] ]; a genome with a mistake has no index
    genomes = GENOME_INDEX.out.index
        .filter { _genome, _unpacked, indexes -> indexes }
        .map { genome, unpacked, indexes -> [genome, (unpacked ?: [genome.path]) + indexes] }

    PEAKS_PREPARE(
        channel.fromList(plans)
            .map { plan -> [plan.genome, plan] }
            .combine(genomes, by: 0)
            .map { genome, plan, fasta -> [[id: plan.id, assay: plan.assay], plan.spec + [genome: genome.name], plan.names, plan.files, fasta] },
        code,
    )

    emit:
    status  = PEAKS_PREPARE.out.status    // [ [id: 'yeast', assay: 'peaks'], yeast.status.json ]
    checks  = GENOME_INDEX.out.status     // genome.status.json
    dataset = PEAKS_PREPARE.out.dataset   // only of what can be used
    tables  = PEAKS_PREPARE.out.tables
}

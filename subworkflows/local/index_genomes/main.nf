include { GENOME_INDEX } from '../../../modules/local/genome/index'

// Every genome that any data set needs is indexed once.
workflow INDEX_GENOMES {
    take:
    plans   // list of [id: 'yeast', genome: [name: 'genome.fa', path: ...], ...]
    code

    main:
    GENOME_INDEX(channel.fromList(plans*.genome.unique()).map { genome -> [genome, genome.path] }, code.GENOME_INDEX)

    // [ [name: 'genome.fa.gz', path: ...], genome.fa, [genome.fa.fai, ...] ]; a genome with a mistake has no index
    genomes = GENOME_INDEX.out.index
        .filter { _genome, _unpacked, indexes -> indexes }
        .map { genome, unpacked, indexes -> [genome, unpacked ? unpacked[0] : genome.path, indexes] }

    status = GENOME_INDEX.out.status

    emit:
    genomes
    status    // [ [name: 'genome.fa.gz', path: ...], genome.status.json ]
}

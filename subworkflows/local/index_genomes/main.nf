include { GENOME_INDEX } from '../../../modules/local/genome/index'

// Every genome that any data set needs is indexed once.
workflow INDEX_GENOMES {
    take:
    plans   // list of [id: 'yeast', genome: [name: 'genome.fa', path: ...], ...]; genome may be null
    code

    main:
    GENOME_INDEX(channel.fromList(plans*.genome.findAll { genome -> genome }.unique()).map { genome -> [genome, genome.path] }, code.GENOME_INDEX)

    // [ [name: 'genome.fa.gz', path: ...], [genome.fa, genome.fa.fai, ...] ]; a genome with a mistake has no index
    genomes = GENOME_INDEX.out.index
        .filter { _genome, _unpacked, indexes -> indexes }
        .map { genome, unpacked, indexes -> [genome, (unpacked ?: [genome.path]) + indexes] }

    checks = GENOME_INDEX.out.status

    emit:
    genomes
    checks    // genome.status.json
}

include { HITS_READ } from '../../../modules/local/hits/read'
include { sourcesOf } from '../read_given/sources.nf'

// Reads the regions to be scanned for sites before any training, so that errors are found early.
workflow READ_HITS {
    take:
    plans      // list of [id: 'oct4', hits: [name: 'peaks.bed', path: ..., word: null, records: false] or null, genome: [...] or null, ...]
    datasets   // [ [id: 'oct4', ...], oct4.dataset.parquet ]
    genomes    // [ [name: 'genome.fa.gz', path: ...], genome.fa, [genome.fa.fai, ...] ]
    code

    main:
    of = datasets.map { meta, dataset -> [meta.id, meta, dataset] }

    HITS_READ(
        sourcesOf(channel.fromList(plans.findAll { plan -> plan.hits }), genomes) { plan -> !plan.hits.records }
            .combine(of, by: 0)
            .map { _id, genome, plan, fasta, indexes, meta, dataset -> [meta, [name: plan.hits.name, word: plan.hits.word, genome: genome], plan.hits.path ?: [], dataset, fasta, indexes] },
        code.HITS_READ,
    )

    status = HITS_READ.out.status
    // Without sequences of their own, regions lie in the genome.
    regions = HITS_READ.out.regions
        .join(HITS_READ.out.sequences, remainder: true)
        .filter { _meta, found, _read, _sequences -> found }
        .map { meta, found, read, sequences -> [meta, found, read, sequences ?: []] }

    emit:
    status    // [ [id: 'oct4', ...], oct4.hits.status.json ]
    regions   // [ [id: 'oct4', ...], oct4.hits_regions.parquet, oct4.hits_read.json, oct4.hits.fa or [] ]
}

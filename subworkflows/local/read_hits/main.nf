include { HITS_READ } from '../../../modules/local/hits/read'

// Where sites are to be looked for: read before any training, so that a mistake in it costs none.
workflow READ_HITS {
    take:
    plans      // list of [id: 'oct4', hits: [name: 'peaks.bed', path: ..., word: null, records: false] or null, genome: [...] or null, ...]
    datasets   // [ [id: 'oct4', ...], oct4.dataset.parquet ]
    genomes    // [ [name: 'genome.fa.gz', path: ...], genome.fa, [genome.fa.fai, ...] ]
    code

    main:
    def wanted = plans.findAll { plan -> plan.hits }
    of = datasets.map { meta, dataset -> [meta.id, meta, dataset] }

    // Records carry their sequences; what may be intervals gets the genome where there is one.
    def located = wanted.findAll { plan -> plan.genome && !plan.hits.records }
    records = channel.fromList(wanted - located).map { plan -> [plan.id, specOf(plan, null), plan.hits.path ?: [], [], []] }
    intervals = channel.fromList(located)
        .map { plan -> [plan.genome, plan] }
        .combine(genomes, by: 0)
        .map { genome, plan, fasta, indexes -> [plan.id, specOf(plan, genome.name), plan.hits.path ?: [], fasta, indexes] }

    HITS_READ(
        records.mix(intervals)
            .combine(of, by: 0)
            .map { _id, spec, given, fasta, indexes, meta, dataset -> [meta, spec, given, dataset, fasta, indexes] },
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

def specOf(Map plan, Object genome) {
    return [name: plan.hits.name, word: plan.hits.word, genome: genome]
}

include { EXPLANATION_READ } from '../../../modules/local/explanation/read'

// The sequences that are to be explained: read before any training, so that a mistake in them costs none.
workflow READ_EXPLAINED {
    take:
    plans      // list of [id: 'oct4', explain: [name: 'mine.bed', path: ..., intervals: true] or null, genome: [...] or null, ...]
    headers    // [ [id: 'oct4', assay: 'sequences'], oct4.header.json ]
    genomes    // [ [name: 'genome.fa.gz', path: ...], genome.fa, [genome.fa.fai, ...] ]
    code

    main:
    def wanted = plans.findAll { plan -> plan.explain }
    of = headers.map { meta, header -> [meta.id, meta, header] }

    // Records carry their sequences; intervals take theirs from the genome.
    records = channel.fromList(wanted.findAll { plan -> !plan.explain.intervals })
        .map { plan -> [plan.id, [name: plan.explain.name, genome: null], plan.explain.path, [], []] }
    intervals = channel.fromList(wanted.findAll { plan -> plan.explain.intervals })
        .map { plan -> [plan.genome, plan] }
        .combine(genomes, by: 0)
        .map { genome, plan, fasta, indexes -> [plan.id, [name: plan.explain.name, genome: genome.name], plan.explain.path, fasta, indexes] }

    EXPLANATION_READ(
        records.mix(intervals)
            .combine(of, by: 0)
            .map { _id, spec, given, fasta, indexes, meta, header -> [meta, spec, given, header, fasta, indexes] },
        code.EXPLANATION_READ,
    )

    status = EXPLANATION_READ.out.status
    sequences = EXPLANATION_READ.out.sequences

    emit:
    status      // [ [id: 'oct4', ...], oct4.explain.status.json ]
    sequences   // [ [id: 'oct4', ...], oct4.explain.parquet ]
}

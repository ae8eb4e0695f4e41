include { PREDICTION_READ } from '../../../modules/local/prediction/read'

// The sequences that are to be predicted: in a run that trains read before it, so that a mistake in them costs none.
workflow READ_PREDICTED {
    take:
    plans      // list of [id: 'oct4', predict: [name: 'mine.bed', path: ..., records: false] or null, genome: [...] or null, ...]
    shapes     // [ [id: 'oct4', ...], oct4.header.json ], or another file that tells the length
    genomes    // [ [name: 'genome.fa.gz', path: ...], genome.fa, [genome.fa.fai, ...] ]
    code

    main:
    def wanted = plans.findAll { plan -> plan.predict }
    of = shapes.map { meta, shape -> [meta.id, meta, shape] }

    // Records carry their sequences; what may be intervals gets the genome where there is one.
    def located = wanted.findAll { plan -> plan.genome && !plan.predict.records }
    records = channel.fromList(wanted - located)
        .map { plan -> [plan.id, [name: plan.predict.name, genome: null], plan.predict.path, [], []] }
    intervals = channel.fromList(located)
        .map { plan -> [plan.genome, plan] }
        .combine(genomes, by: 0)
        .map { genome, plan, fasta, indexes -> [plan.id, [name: plan.predict.name, genome: genome.name], plan.predict.path, fasta, indexes] }

    PREDICTION_READ(
        records.mix(intervals)
            .combine(of, by: 0)
            .map { _id, spec, given, fasta, indexes, meta, shape -> [meta, spec, given, shape, fasta, indexes] },
        code.PREDICTION_READ,
    )

    status = PREDICTION_READ.out.status
    sequences = PREDICTION_READ.out.sequences

    emit:
    status      // [ [id: 'oct4', ...], oct4.predict.status.json ]
    sequences   // [ [id: 'oct4', ...], oct4.predict.parquet ]
}

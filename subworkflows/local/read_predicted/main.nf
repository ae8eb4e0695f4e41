include { PREDICTION_READ } from '../../../modules/local/prediction/read'
include { sourcesOf } from '../read_given/sources.nf'

// Reads the sequences to be predicted, before any training, so that errors are found early.
workflow READ_PREDICTED {
    take:
    plans      // list of [id: 'oct4', predict: [name: 'mine.bed', path: ..., records: false] or null, genome: [...] or null, ...]
    shapes     // [ [id: 'oct4', ...], oct4.header.json ], or another file that tells the length
    genomes    // [ [name: 'genome.fa.gz', path: ...], genome.fa, [genome.fa.fai, ...] ]
    code

    main:
    of = shapes.map { meta, shape -> [meta.id, meta, shape] }

    PREDICTION_READ(
        sourcesOf(channel.fromList(plans.findAll { plan -> plan.predict }), genomes) { plan -> !plan.predict.records }
            .combine(of, by: 0)
            .map { _id, genome, plan, fasta, indexes, meta, shape -> [meta, [name: plan.predict.name, genome: genome], plan.predict.path, shape, fasta, indexes] },
        code.PREDICTION_READ,
    )

    status = PREDICTION_READ.out.status
    sequences = PREDICTION_READ.out.sequences

    emit:
    status      // [ [id: 'oct4', ...], oct4.predict.status.json ]
    sequences   // [ [id: 'oct4', ...], oct4.predict.parquet ]
}

include { EXPLANATION_READ } from '../../../modules/local/explanation/read'
include { sourcesOf } from '../read_given/sources.nf'

// Reads the sequences to be explained before any training, so that errors are found early.
workflow READ_EXPLAINED {
    take:
    plans      // list of [id: 'oct4', explain: [name: 'mine.bed', path: ..., intervals: true] or null, genome: [...] or null, ...]
    headers    // [ [id: 'oct4', assay: 'sequences'], oct4.header.json ]
    genomes    // [ [name: 'genome.fa.gz', path: ...], genome.fa, [genome.fa.fai, ...] ]
    code

    main:
    of = headers.map { meta, header -> [meta.id, meta, header] }

    EXPLANATION_READ(
        sourcesOf(channel.fromList(plans.findAll { plan -> plan.explain }), genomes) { plan -> plan.explain.intervals }
            .combine(of, by: 0)
            .map { _id, genome, plan, fasta, indexes, meta, header -> [meta, [name: plan.explain.name, genome: genome], plan.explain.path, header, fasta, indexes] },
        code.EXPLANATION_READ,
    )

    status = EXPLANATION_READ.out.status
    sequences = EXPLANATION_READ.out.sequences

    emit:
    status      // [ [id: 'oct4', ...], oct4.explain.status.json ]
    sequences   // [ [id: 'oct4', ...], oct4.explain.parquet ]
}

include { VARIANTS_READ } from '../../../modules/local/variants/read'
include { sourcesOf } from '../read_given/sources.nf'

// Reads the variants before any training, so that errors are found early.
workflow READ_VARIANTS {
    take:
    plans      // list of [id: 'oct4', variants: [name: 'mine.vcf.gz', path: ...] or null, genome: [...], ...]
    headers    // [ [id: 'oct4', assay: 'sequences'], oct4.header.json ]
    genomes    // [ [name: 'genome.fa.gz', path: ...], genome.fa, [genome.fa.fai, ...] ]
    code

    main:
    VARIANTS_READ(
        sourcesOf(channel.fromList(plans.findAll { plan -> plan.variants }), genomes) { _plan -> true }
            .combine(headers.map { meta, header -> [meta.id, meta, header] }, by: 0)
            .map { _id, genome, plan, fasta, indexes, meta, header -> [meta, [name: plan.variants.name, genome: genome, variant_offsets: plan.options.variants.variant_offsets], plan.variants.path, header, fasta, indexes] },
        code.VARIANTS_READ,
    )

    status = VARIANTS_READ.out.status
    alleles = VARIANTS_READ.out.alleles

    emit:
    status    // [ [id: 'oct4', ...], oct4.variants.status.json ]
    alleles   // [ [id: 'oct4', ...], oct4.variants.parquet, oct4.variants_read.json ]
}

include { READ_EXPLAINED } from '../read_explained'
include { READ_PREDICTED } from '../read_predicted'
include { READ_PRETRAINED } from '../read_pretrained'
include { READ_HITS } from '../read_hits'
include { READ_VARIANTS } from '../read_variants'

// Reads the user's other inputs before any training, so that errors are found early.
workflow READ_GIVEN {
    take:
    plans      // list of [id: 'oct4', explain: [...] or null, predict: [...] or null, variants: [...] or null, hits: [...] or null, pretrained: [...], ...]
    headers    // [ [id: 'oct4', assay: 'sequences'], oct4.header.json ], or another file that tells the length: the data set, or a model
    datasets   // [ [id: 'oct4', assay: 'sequences'], oct4.dataset.parquet ]
    genomes    // [ [name: 'genome.fa.gz', path: ...], genome.fa, [genome.fa.fai, ...] ]
    code

    main:
    READ_EXPLAINED(plans, headers, genomes, code)
    READ_PREDICTED(plans, headers, genomes, code)
    READ_VARIANTS(plans, headers, genomes, code)
    READ_HITS(plans, datasets, genomes, code)
    READ_PRETRAINED(plans, headers, code)

    status = READ_EXPLAINED.out.status.mix(READ_PREDICTED.out.status, READ_VARIANTS.out.status, READ_HITS.out.status, READ_PRETRAINED.out.status)
    explained = READ_EXPLAINED.out.sequences
    predicted = READ_PREDICTED.out.sequences
    alleles = READ_VARIANTS.out.alleles
    regions = READ_HITS.out.regions

    emit:
    status      // [ [id: 'oct4', ...], oct4.explain.status.json, or another ]
    explained   // [ [id: 'oct4', ...], oct4.explain.parquet ]
    predicted   // [ [id: 'oct4', ...], oct4.predict.parquet ]
    alleles     // [ [id: 'oct4', ...], oct4.variants.parquet, oct4.variants_read.json ]
    regions     // [ [id: 'oct4', ...], oct4.hits_regions.parquet, oct4.hits_read.json, oct4.hits.fa or [] ]
}

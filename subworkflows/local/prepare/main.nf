include { DENOISE_CELLS } from '../denoise_cells'
include { DATASET_PREPARE } from '../../../modules/local/dataset/prepare'
include { CONTRAST } from '../contrast'
include { replicatesOf } from '../train/replicates.nf'

// Everything specific to an assay ends here, in the data set artefact.
workflow PREPARE {
    take:
    plans     // [ [id: 'oct4', assay: 'sequences', module: 'sequences', on_genome: false, genome: null, spec: [...], names: [...], files: [...]], ... ]
    genomes   // [ [name: 'genome.fa.gz', path: ...], genome.fa, [genome.fa.fai, ...] ]
    code

    main:
    def (contrasts, measured) = plans.split { plan -> plan.contrast }
    def noisy = measured.findAll { plan -> plan.denoised }
    DENOISE_CELLS(noisy, code)

    ready = channel.fromList(measured - noisy).mix(DENOISE_CELLS.out.denoised)
        .branch { plan ->
            onGenome: plan.on_genome
            alone: true
        }
    // [ [id: 'yeast', assay: 'peaks'], [...], ['peaks.bed'], [peaks.bed], genome.fa or [], [genome.fa.fai, ...], '0f3a...' ]
    windows = ready.onGenome
        .map { plan -> [plan.genome, plan] }
        .combine(genomes, by: 0)
        .map { genome, plan, fasta, indexes -> [[id: plan.id, assay: plan.assay], plan.spec + [genome: genome.name], plan.names, plan.files, fasta, indexes, codeOf(plan, code)] }
    sequences = ready.alone.map { plan -> [[id: plan.id, assay: plan.assay], plan.spec, plan.names, plan.files, [], [], codeOf(plan, code)] }
    DATASET_PREPARE(windows.mix(sequences))

    CONTRAST(contrasts, DATASET_PREPARE.out.status, DATASET_PREPARE.out.dataset, code)

    status = DATASET_PREPARE.out.status.mix(CONTRAST.out.status)
    def known = plans.collectEntries { plan -> [plan.id, plan] }
    replicates = status.map { meta, file -> [meta.id, replicatesOf(known[meta.id], foldsOf(file))] }
    tables = DATASET_PREPARE.out.tables.mix(CONTRAST.out.tables)
    header = DATASET_PREPARE.out.header.mix(CONTRAST.out.header)
    dataset = DATASET_PREPARE.out.dataset.mix(CONTRAST.out.dataset)
    denoising = DENOISE_CELLS.out.status

    emit:
    status      // [ [id: 'oct4', assay: 'sequences'], oct4.status.json ]
    replicates  // [ oct4, 3 ]: models of each architecture, which with folds the preparation decides
    tables      // [ [id: 'oct4', ...], [oct4.counts.tsv, ...] ]
    dataset     // [ [id: 'oct4', ...], oct4.dataset.parquet ]; only of what can be used
    header      // [ [id: 'oct4', ...], oct4.header.json ]: what the data set says of itself
    denoising   // [ [id: 'islets', ...], islets.denoise.status.json ]
}

// The number of folds that the preparation has made.
def foldsOf(Object status) {
    return (new groovy.json.JsonSlurper().parseText(status.text).folds ?: 1) as int
}

// The digest of the code of a data set's assay.
def codeOf(Map plan, Map code) {
    return code["DATASET_PREPARE_${plan.module.toUpperCase()}".toString()]
}

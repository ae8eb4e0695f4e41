include { INDEX_GENOMES } from '../index_genomes'
include { PREPARE_PEAKS } from '../prepare_peaks'
include { PREPARE_SEQUENCES } from '../prepare_sequences'
include { PREPARE_MATRIX } from '../prepare_matrix'
include { PREPARE_ACCESSIBILITY } from '../prepare_accessibility'
include { PREPARE_SINGLE_CELL } from '../prepare_single_cell'
include { PREPARE_STARRSEQ } from '../prepare_starrseq'
include { PREPARE_PBM } from '../prepare_pbm'
include { PREPARE_HTSELEX } from '../prepare_htselex'
include { PREPARE_SMILESEQ } from '../prepare_smileseq'
include { PREPARE_TABLE } from '../prepare_table'
include { readsGenome } from '../validate/shared.nf'

// Route every data set to its assay. All that knows an assay ends here, in the data set artefact.
workflow PREPARE {
    take:
    plans   // [ [id: 'oct4', assay: 'sequences', genome: null, spec: [...], files: [...]], ... ]
    code

    main:
    def of = plans.groupBy { plan -> plan.assay }.withDefault { _assay -> [] }
    INDEX_GENOMES(plans.findAll { plan -> readsGenome(plan) }, code)
    genomes = INDEX_GENOMES.out.genomes

    PREPARE_PEAKS(of.peaks, genomes, code)
    PREPARE_SEQUENCES(of.sequences, code)
    PREPARE_MATRIX(of.matrix, genomes, code)
    PREPARE_ACCESSIBILITY(of.accessibility, genomes, code)
    PREPARE_SINGLE_CELL(of.single_cell, genomes, code)
    PREPARE_STARRSEQ(of.starrseq, code)
    PREPARE_PBM(of.pbm, code)
    PREPARE_HTSELEX(of.htselex, code)
    PREPARE_SMILESEQ(of.smileseq, code)
    PREPARE_TABLE(of.table, code)

    prepared = [
        PREPARE_PEAKS.out, PREPARE_SEQUENCES.out, PREPARE_MATRIX.out,
        PREPARE_ACCESSIBILITY.out, PREPARE_SINGLE_CELL.out, PREPARE_STARRSEQ.out,
        PREPARE_PBM.out, PREPARE_HTSELEX.out, PREPARE_SMILESEQ.out,
        PREPARE_TABLE.out,
    ]
    status = prepared.collect { out -> out.status }.inject { one, other -> one.mix(other) }
    tables = prepared.collect { out -> out.tables }.inject { one, other -> one.mix(other) }
    header = prepared.collect { out -> out.header }.inject { one, other -> one.mix(other) }
    dataset = prepared.collect { out -> out.dataset }.inject { one, other -> one.mix(other) }
    denoising = PREPARE_SINGLE_CELL.out.denoising
    indexing = INDEX_GENOMES.out.status

    emit:
    status    // [ [id: 'oct4', assay: 'sequences'], oct4.status.json ]
    tables    // [ [id: 'oct4', ...], [oct4.counts.tsv, ...] ]
    dataset   // [ [id: 'oct4', ...], oct4.dataset.parquet ]
    header    // [ [id: 'oct4', ...], oct4.header.json ]
    denoising   // [ [id: 'islets', ...], islets.denoise.status.json ]
    indexing    // [ [name: 'genome.fa.gz', path: ...], genome.status.json ]
    genomes   // [ [name: 'genome.fa.gz', path: ...], [genome.fa, genome.fa.fai, ...] ]
}

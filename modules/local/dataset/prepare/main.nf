include { asJson; filesOf; linkGiven } from '../../../../subworkflows/local/validate/given.nf'

// Prepares a data set from its files, for any assay.
process DATASET_PREPARE {
    tag "${meta.id}"
    label 'process_low'
    publishDir path: { "${params.outdir}/${meta.id}/data" }, mode: params.publish_dir_mode, overwrite: params.publish_dir_mode.startsWith('copy') ? 'deep' : null, pattern: '*.{status.json,parquet,tsv}'

    input:
    // spec: what is asked; names: what the user calls the files
    // genome: a FASTA, plain or bgzip, or []; indexes: its, whose names tell what it is to be called; code: that of the assay
    tuple val(meta), val(spec), val(names), path(files, stageAs: 'given/?'), path(genome, stageAs: 'genome/given'), path(indexes, stageAs: 'genome/*'), val(code)

    output:
    tuple val(meta), path("${meta.id}.status.json")                     , emit: status
    tuple val(meta), path("${meta.id}.dataset.parquet"), optional: true , emit: dataset
    tuple val(meta), path("${meta.id}.header.json")   , optional: true  , emit: header   // what the data set says of itself
    tuple val(meta), path("${meta.id}.{counts,dropped,readings,audit}.tsv"), optional: true, emit: tables
    tuple val("${task.process}"), path('versions.json'), topic: versions

    script:
    def index = [indexes].flatten().find { path -> path.name.endsWith('.fai') }
    def fasta = index ? index.toString() - '.fai' : null
    def json = asJson(spec + [files: filesOf(names)] + (fasta ? [genome: [name: spec.genome, path: fasta]] : [:]))
    """
    ${linkGiven(names)}
    ${fasta ? "ln -sf given ${fasta}" : ''}
    cat > spec.json <<'SPEC'
    ${json}
    SPEC
    prepare.py --spec spec.json
    """

    stub:
    """
    echo '{"dataset": "${meta.id}", "state": "ok", "reason": "", "advice": ""}' > ${meta.id}.status.json
    touch ${meta.id}.dataset.parquet ${meta.id}.header.json ${meta.id}.{counts,dropped,readings,audit}.tsv
    echo '{}' > versions.json
    """
}

include { asJson } from '../../../../subworkflows/local/validate/given.nf'

// Makes a data set of a contrast: the positives of one data set against those of another.
process CONTRAST_MAKE {
    tag "${meta.id}"
    label 'process_low'
    ext bytes: { [sides].flatten().sum { file -> file.size() } }
    publishDir path: { "${params.outdir}/${meta.id}/data" }, mode: params.publish_dir_mode, overwrite: params.publish_dir_mode.startsWith('copy') ? 'deep' : null, pattern: '*.{status.json,parquet,tsv}', saveAs: { name -> name.startsWith("${meta.id}.") ? name : null }

    input:
    // spec: names of both sides, and which of them could not be prepared; sides: the data sets that could
    tuple val(meta), val(spec), path(sides)
    val code

    output:
    tuple val(meta), path("${meta.id}.status.json")                    , emit: status
    tuple val(meta), path("${meta.id}.dataset.parquet"), optional: true, emit: dataset
    tuple val(meta), path("${meta.id}.header.json")    , optional: true, emit: header
    tuple val(meta), path("${meta.id}.{counts,dropped,readings,audit}.tsv"), optional: true, emit: tables
    tuple val("${task.process}"), path('versions.json'), topic: versions

    script:
    """
    cat > spec.json <<'SPEC'
    ${asJson(spec)}
    SPEC
    make_contrast.py --spec spec.json
    """

    stub:
    """
    echo '{"dataset": "${meta.id}", "state": "ok", "reason": "", "advice": "", "folds": 5}' > ${meta.id}.status.json
    touch ${meta.id}.dataset.parquet ${meta.id}.header.json ${meta.id}.{counts,dropped,readings,audit}.tsv
    echo '{}' > versions.json
    """
}

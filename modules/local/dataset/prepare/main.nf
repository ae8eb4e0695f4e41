// Files of measured sequences become a data set; every assay has its script, and its name for this process.
process DATASET_PREPARE {
    tag "${meta.id}"
    label 'process_low'
    publishDir path: { "${params.outdir}/${meta.id}/data" }, mode: params.publish_dir_mode, pattern: '*.{status.json,parquet,tsv}'

    input:
    // spec: what is asked; names: what the user calls the files

    tuple val(meta), val(spec), val(names), path(files, stageAs: 'in?/*')
    val code

    output:
    tuple val(meta), path("${meta.id}.status.json")                     , emit: status
    tuple val(meta), path("${meta.id}.dataset.parquet"), optional: true , emit: dataset
    tuple val(meta), path("${meta.id}.header.json")   , optional: true  , emit: header   // what the data set says of itself
    tuple val(meta), path("${meta.id}.{counts,dropped,readings,audit}.tsv"), optional: true, emit: tables
    tuple val("${task.process}"), path('versions.json'), topic: versions

    script:
    def staged = [names, (files instanceof List) ? files : [files]].transpose().collect { name, path -> [name: name, path: path.toString()] }
    def json = groovy.json.JsonOutput.toJson(spec + [files: staged])
    """
    cat > spec.json <<'SPEC'
    ${json}
    SPEC
    prepare_${meta.assay}.py --spec spec.json
    """

    stub:
    """
    echo '{"dataset": "${meta.id}", "state": "ok", "reason": "", "advice": ""}' > ${meta.id}.status.json
    touch ${meta.id}.dataset.parquet ${meta.id}.header.json ${meta.id}.{counts,dropped,readings,audit}.tsv
    echo '{}' > versions.json
    """
}

// The files of a data set, of whatever assay, become the data set.
process DATASET_PREPARE {
    tag "${meta.id}"
    label 'process_low'
    publishDir path: { "${params.outdir}/${meta.id}/data" }, mode: params.publish_dir_mode, pattern: '*.{status.json,parquet,tsv}'

    input:
    // spec: what is asked; names: what the user calls the files
    // genome: FASTA and its indexes, or []; code: that of the assay
    tuple val(meta), val(spec), val(names), path(files, stageAs: 'in?/*'), path(genome, stageAs: 'genome/*'), val(code)

    output:
    tuple val(meta), path("${meta.id}.status.json")                     , emit: status
    tuple val(meta), path("${meta.id}.dataset.parquet"), optional: true , emit: dataset
    tuple val(meta), path("${meta.id}.header.json")   , optional: true  , emit: header   // what the data set says of itself
    tuple val(meta), path("${meta.id}.{counts,dropped,readings,audit}.tsv"), optional: true, emit: tables
    tuple val("${task.process}"), path('versions.json'), topic: versions

    script:
    def staged = [names, (files instanceof List) ? files : [files]].transpose().collect { name, path -> [name: name, path: path.toString()] }
    def fasta = genome.find { path -> !(path.name =~ /[.](fai|gzi|sha256)$/) }
    def json = groovy.json.JsonOutput.toJson(spec + [files: staged] + (fasta ? [genome: [name: spec.genome, path: fasta.toString()]] : [:]))
    """
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

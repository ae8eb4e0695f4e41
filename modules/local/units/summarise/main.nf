process UNITS_SUMMARISE {
    tag "${meta.id}"
    label 'process_single'
    publishDir path: { "${params.outdir}/${meta.dataset}/${meta.model}/motifs" }, mode: params.publish_dir_mode, pattern: '{logos/*,*.units.tsv}'
    publishDir path: { "${params.outdir}/${meta.dataset}/${meta.model}" }, mode: params.publish_dir_mode, pattern: '*.verdict.json'

    input:
    // files: of all replicates (units, effects, history, metrics) and of the data set (tomtom, support, baseline, counts)
    tuple val(meta), val(options), path(files)
    val code

    output:
    tuple val(meta), path("${meta.id}.units.tsv")   , emit: units
    tuple val(meta), path("${meta.id}.verdict.json"), emit: verdict
    path 'logos/*', optional: true
    tuple val("${task.process}"), val('logomaker'), eval("python3 -c 'import importlib.metadata as m; print(m.version(\"logomaker\"))'"), topic: versions

    script:
    """
    cat > options.json <<'OPTIONS'
    ${groovy.json.JsonOutput.toJson(options)}
    OPTIONS
    summarise.py --id ${meta.id} --options options.json \\
        --units *.r*.units.{tsv,meme} --effects *.r*.effects.tsv --history *.history.tsv --metrics *.metrics.tsv \\
        --tomtom ${meta.id}.tomtom.tsv --support ${meta.id}.support.tsv \\
        --baseline ${meta.dataset}.baseline.tsv --counts ${meta.dataset}.counts.tsv
    """

    stub:
    """
    touch ${meta.id}.units.tsv ${meta.id}.verdict.json
    """
}

process UNITS_SUMMARISE {
    tag "${meta.id}"
    label 'process_low'
    publishDir path: { "${params.outdir}/${meta.dataset}/${meta.model}/motifs" }, mode: params.publish_dir_mode, pattern: '{logos/*,*.units.tsv,*.consensus.*}'
    publishDir path: { "${params.outdir}/${meta.dataset}/${meta.model}" }, mode: params.publish_dir_mode, pattern: '*.{verdict.json,ensemble.tsv}'

    input:
    // files: of all replicates (units, effects, history, metrics, predictions) and of the data set (itself, tomtom, support, baseline, counts)
    tuple val(meta), val(options), path(files)
    val code

    output:
    tuple val(meta), path("${meta.id}.units.tsv")   , emit: units
    tuple val(meta), path("${meta.id}.verdict.json"), emit: verdict
    tuple val(meta), path("${meta.id}.{consensus.tsv,consensus.meme,ensemble.tsv}"), emit: joint   // the last with several replicates
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
        --baseline ${meta.dataset}.baseline.tsv --counts ${meta.dataset}.counts.tsv \\
        --predictions *.predictions.parquet --dataset ${meta.dataset}.dataset.parquet
    """

    stub:
    """
    touch ${meta.id}.{units,consensus,ensemble}.tsv ${meta.id}.consensus.meme ${meta.id}.verdict.json
    """
}

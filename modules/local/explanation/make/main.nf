// Each prediction split over the units of the best replicate.
process EXPLANATION_MAKE {
    tag "${meta.id}"
    label 'process_low'
    publishDir path: { "${params.outdir}/${meta.dataset}/${meta.model}/explained" }, mode: params.publish_dir_mode

    input:
    // files: model, history and units of every replicate; named: what the units are called
    tuple val(meta), val(options), path(files), path(named), path(sequences)
    val code

    output:
    tuple val(meta), path("${meta.id}.r*.{explained.tsv,explained_*.svg}")    , emit: shown
    tuple val(meta), path("${meta.id}.r*.explained.parquet")                  , emit: contributions
    tuple val(meta), path("${meta.id}.r*.hits.bed")                           , emit: hits
    tuple val("${task.process}"), val('torch'), eval("python3 -c 'import importlib.metadata as m; print(m.version(\"torch\"))'"), topic: versions

    script:
    """
    cat > options.json <<'OPTIONS'
    ${groovy.json.JsonOutput.toJson(options)}
    OPTIONS
    explain.py --id ${meta.id} --options options.json --threads ${task.cpus} \\
        --models *.r*.model.safetensors --history *.r*.history.tsv --units *.r*.units.tsv \\
        --named ${named} --sequences ${sequences}
    """

    stub:
    """
    touch ${meta.id}.r1.explained.{tsv,parquet} ${meta.id}.r1.hits.bed
    """
}

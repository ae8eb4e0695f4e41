// What every base adds to the predictions of the best replicate (DeepLIFT), and the motifs in that (TF-MoDISco).
process ATTRIBUTION_MAKE {
    tag "${meta.id}"
    label 'process_medium'
    publishDir path: { "${params.outdir}/${meta.dataset}/${meta.model}/attribution" }, mode: params.publish_dir_mode

    input:
    // files: model, history and predictions of every replicate; units: motifs and history of those of explainn, if there are any
    tuple val(meta), val(options), path(files), path(dataset), path(known), path(units, stageAs: 'units/*')
    val code

    output:
    tuple val(meta), path("${meta.id}.r*.{attribution,patterns}.tsv")        , emit: tables
    tuple val(meta), path("${meta.id}.r*.patterns.meme")                     , emit: patterns
    tuple val(meta), path("${meta.id}.r*.attributions.npz")                  , emit: attributions
    tuple val("${task.process}"), val('tangermeme'), eval("python3 -c 'import importlib.metadata as m; print(m.version(\"tangermeme\"))'"), topic: versions
    tuple val("${task.process}"), val('modisco'), eval("python3 -c 'import importlib.metadata as m; print(m.version(\"modisco\"))'"), topic: versions

    script:
    def beside = units ? '--units units/*.units.meme --units-history units/*.history.tsv' : ''
    """
    cat > options.json <<'OPTIONS'
    ${groovy.json.JsonOutput.toJson(options)}
    OPTIONS
    export NUMBA_NUM_THREADS=${task.cpus}
    attribute.py --id ${meta.id} --options options.json --threads ${task.cpus} --dataset ${dataset} --known ${known} \\
        --models *.r*.model.safetensors --history *.r*.history.tsv --predictions *.r*.predictions.parquet ${beside}
    """

    stub:
    """
    touch ${meta.id}.r1.{attribution,patterns}.tsv ${meta.id}.r1.patterns.meme ${meta.id}.r1.attributions.npz
    """
}

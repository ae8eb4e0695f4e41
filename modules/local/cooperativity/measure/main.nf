// What the best replicate of a model makes of pairs of motifs in random sequences, at every distance from each other.
process COOPERATIVITY_MEASURE {
    tag "${meta.id}"
    label 'process_low'
    publishDir path: { "${params.outdir}/${meta.dataset}/${meta.model}/cooperativity" }, mode: params.publish_dir_mode

    input:
    // files: model and history of every replicate
    tuple val(meta), val(options), path(files), path(dataset), path(pairs)
    val code

    output:
    tuple val(meta), path("${meta.id}.r*.cooperativity*.tsv"), emit: measured
    tuple val("${task.process}"), val('torch'), eval("python3 -c 'import importlib.metadata as m; print(m.version(\"torch\"))'"), topic: versions

    script:
    """
    cat > options.json <<'OPTIONS'
    ${groovy.json.JsonOutput.toJson(options)}
    OPTIONS
    cooperativity.py --id ${meta.id} --models *.r*.model.safetensors --history *.r*.history.tsv \\
        --dataset ${dataset} --pairs ${pairs} --options options.json --threads ${task.cpus}
    """

    stub:
    """
    touch ${meta.id}.r1.cooperativity{,_verdict}.tsv
    """
}

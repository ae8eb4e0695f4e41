// The well-predicted sequences laid out by the outputs of the units of the best replicate.
process UNITS_MAP {
    tag "${meta.id}"
    label 'process_low'
    publishDir path: { "${params.outdir}/${meta.dataset}/${meta.model}" }, mode: params.publish_dir_mode

    input:
    // files: model, history and predictions of every replicate
    tuple val(meta), val(options), path(files), path(dataset)
    val code

    output:
    tuple val(meta), path("${meta.id}.r*.umap.tsv"), emit: map
    tuple val("${task.process}"), val('umap-learn'), eval("python3 -c 'import importlib.metadata as m; print(m.version(\"umap-learn\"))'"), topic: versions

    script:
    """
    cat > options.json <<'OPTIONS'
    ${groovy.json.JsonOutput.toJson(options)}
    OPTIONS
    map_units.py --id ${meta.id} --options options.json --threads ${task.cpus} --dataset ${dataset} \\
        --models *.r*.model.safetensors --history *.r*.history.tsv --predictions *.r*.predictions.parquet
    """

    stub:
    """
    touch ${meta.id}.r1.umap.tsv
    """
}

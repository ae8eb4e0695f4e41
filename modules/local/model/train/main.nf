process MODEL_TRAIN {
    tag "${meta.id}"
    label 'process_medium'
    label 'process_gpu'
    publishDir path: { "${params.outdir}/${meta.dataset}/${meta.model}" }, mode: params.publish_dir_mode

    input:
    // meta: [id: 'oct4.explainn.r1', dataset: 'oct4', assay: 'sequences', model: 'explainn', replicate: 1]
    tuple val(meta), val(options), path(dataset)
    val code

    output:
    tuple val(meta), path("${meta.id}.model.safetensors"), emit: model
    tuple val(meta), path("${meta.id}.history.tsv")      , emit: history
    tuple val(meta), path("${meta.id}.{timing,model}.tsv"), emit: timing   // seconds, and the number of parameters
    tuple val("${task.process}"), val('torch'), eval("python3 -c 'import importlib.metadata as m; print(m.version(\"torch\"))'"), topic: versions

    script:
    """
    cat > options.json <<'OPTIONS'
    ${groovy.json.JsonOutput.toJson(options)}
    OPTIONS
    train.py --dataset ${dataset} --options options.json --id ${meta.id} --threads ${task.cpus}
    """

    stub:
    """
    touch ${meta.id}.model.safetensors ${meta.id}.{history,timing,model}.tsv
    """
}

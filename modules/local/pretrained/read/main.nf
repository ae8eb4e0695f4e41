// Whether a data set's pretrained models can be read and run: asked before any training, so that a mistake costs none.
process PRETRAINED_READ {
    tag "${meta.id}"
    label 'process_low'

    input:
    // length: of the sequences that models read whose file does not tell it, or null
    tuple val(meta), val(length), path(pretrained, stageAs: 'pretrained/*'), path(dataset)
    val code

    output:
    path "${meta.id}.pretrained.status.json", emit: status
    tuple val("${task.process}"), val('torch'), eval("python3 -c 'import importlib.metadata as m; print(m.version(\"torch\"))'"), topic: versions

    script:
    """
    read_pretrained.py --id ${meta.id} --dataset ${dataset} ${length ? "--length ${length}" : ''} --pretrained ${pretrained}
    """

    stub:
    """
    echo '{"dataset": "${meta.id}", "state": "ok", "reason": "", "advice": ""}' > ${meta.id}.pretrained.status.json
    """
}

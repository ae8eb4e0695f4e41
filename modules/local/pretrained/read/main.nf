// Whether a data set's pretrained models can be read and run: asked before any training, so that a mistake costs none.
process PRETRAINED_READ {
    tag "${meta.id}"
    label 'process_low'

    input:
    // length: of the sequences that models read whose file does not tell it, or null
    tuple val(meta), val(length), path(pretrained, stageAs: 'pretrained/*'), path(header)
    val code

    output:
    tuple val(meta), path("${meta.id}.pretrained.status.json"), emit: status
    tuple val("${task.process}"), path('versions.json'), topic: versions

    script:
    """
    read_pretrained.py --id ${meta.id} --header ${header} ${length ? "--length ${length}" : ''} --pretrained ${pretrained}
    """

    stub:
    """
    echo '{"dataset": "${meta.id}", "state": "ok", "reason": "", "advice": ""}' > ${meta.id}.pretrained.status.json
    echo '{}' > versions.json
    """
}

include { asJson; linkGiven; ourNames } from '../../../../subworkflows/local/validate/given.nf'

// Checks before any training whether a data set's pretrained models can be read and run.
process PRETRAINED_READ {
    tag "${meta.id}"
    label 'process_low'
    ext environment: 'torch'

    input:
    // options: [pretrained_length: of the sequences that models read whose file does not tell it, trust_programs: false]
    // names: what the user calls the models
    tuple val(meta), val(options), val(names), path(pretrained, stageAs: 'given/?'), path(header)
    val code

    output:
    tuple val(meta), path("${meta.id}.pretrained.status.json"), emit: status
    tuple val("${task.process}"), path('versions.json'), topic: versions

    script:
    """
    ${linkGiven(names)}
    cat > names.json <<'NAMES'
    ${asJson(names)}
    NAMES
    read_pretrained.py --id ${meta.id} --header ${header} --names names.json --pretrained ${ourNames(names).join(' ')} \\
        ${options.pretrained_length ? "--length ${options.pretrained_length}" : ''} ${options.trust_programs ? '--trust-programs' : ''}
    """

    stub:
    """
    echo '{"dataset": "${meta.id}", "state": "ok", "reason": "", "advice": ""}' > ${meta.id}.pretrained.status.json
    echo '{}' > versions.json
    """
}

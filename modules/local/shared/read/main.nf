include { asJson; linkGiven; ourNames } from '../../../../subworkflows/local/validate/given.nf'

// A file that a parameter gives is read before any training, as the steps that use it will: its faults end the run.
process SHARED_READ {
    tag "${input.holds}"
    label 'process_single'
    ext environment: { input.holds == 'models' ? 'torch' : 'core' }

    input:
    // input: [holds: 'intervals', 'lines', ..., names: what the user calls the files]; of models also pretrained_length
    // and trust_programs
    tuple val(input), path(files, stageAs: 'given/?')
    val code

    output:
    path 'shared.status.json', emit: status
    tuple val("${task.process}"), path('versions.json'), topic: versions

    script:
    """
    ${linkGiven(input.names)}
    cat > names.json <<'NAMES'
    ${asJson(input.names)}
    NAMES
    read_shared.py --holds ${input.holds} --names names.json --files ${ourNames(input.names).join(' ')} \\
        ${input.pretrained_length ? "--length ${input.pretrained_length}" : ''} ${input.trust_programs ? '--trust-programs' : ''}
    """

    stub:
    """
    echo '{"dataset": "shared", "state": "ok", "reason": "", "advice": ""}' > shared.status.json
    echo '{}' > versions.json
    """
}

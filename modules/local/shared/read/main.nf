// A file that a parameter gives is read before any training, as the steps that use it will: its faults end the run.
process SHARED_READ {
    tag "${input.name ?: input.holds}"
    label 'process_single'

    input:
    // input: [holds: 'intervals', 'lines', ..., name: as the user calls the file, length: of what models read, or null]
    tuple val(input), path(files, stageAs: 'shared/*')
    val code

    output:
    path 'shared.status.json', emit: status
    tuple val("${task.process}"), path('versions.json'), topic: versions

    script:
    """
    cat > name.txt <<'NAME'
    ${input.name}
    NAME
    read_shared.py --holds ${input.holds} --name "\$(cat name.txt)" ${input.length ? "--length ${input.length}" : ''} --files ${files}
    """

    stub:
    """
    echo '{"dataset": "shared", "state": "ok", "reason": "", "advice": ""}' > shared.status.json
    echo '{}' > versions.json
    """
}

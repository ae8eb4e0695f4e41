// The sequences that a user wants explained, cut to the length of the data set; with mistakes as a state.
process EXPLANATION_READ {
    tag "${meta.id}"
    label 'process_low'

    input:
    // spec: what the user calls the file and the genome; fasta: the indexed genome, for intervals
    tuple val(meta), val(spec), path(sequences, stageAs: 'given/*'), path(header), path(fasta)
    val code

    output:
    tuple val(meta), path("${meta.id}.explain.status.json"), emit: status
    tuple val(meta), path("${meta.id}.explain.parquet"), optional: true, emit: sequences
    tuple val("${task.process}"), path('versions.json'), topic: versions

    script:
    def genome = fasta ? "--genome ${[fasta].flatten()[0]}" : ''
    """
    cat > spec.json <<'SPEC'
    ${groovy.json.JsonOutput.toJson(spec)}
    SPEC
    read_explained.py --spec spec.json --id ${meta.id} --sequences ${sequences} --header ${header} ${genome}
    """

    stub:
    """
    echo '{"dataset": "${meta.id}", "state": "ok", "reason": "", "advice": ""}' > ${meta.id}.explain.status.json
    touch ${meta.id}.explain.parquet
    echo '{}' > versions.json
    """
}

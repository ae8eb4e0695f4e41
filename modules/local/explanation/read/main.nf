include { asJson; linkGiven; ourNames } from '../../../../subworkflows/local/validate/given.nf'

// Reads the sequences to be explained, cut to the length of the data set; errors become a state.
process EXPLANATION_READ {
    tag "${meta.id}"
    label 'process_low'

    input:
    // spec: what the user calls the file and the genome; genome, indexes: for intervals, or []
    tuple val(meta), val(spec), path(sequences, stageAs: 'given/?'), path(header), path(genome, stageAs: 'genome/given'), path(indexes, stageAs: 'genome/*')
    val code

    output:
    tuple val(meta), path("${meta.id}.explain.status.json"), emit: status
    tuple val(meta), path("${meta.id}.explain.parquet"), optional: true, emit: sequences
    tuple val("${task.process}"), path('versions.json'), topic: versions

    script:
    def fasta = [indexes].flatten().find { path -> path.name.endsWith('.fai') }.toString() - '.fai'
    """
    ${linkGiven([spec.name])}
    ${genome ? "ln -sf given ${fasta}" : ''}
    cat > spec.json <<'SPEC'
    ${asJson(spec)}
    SPEC
    read_explained.py --spec spec.json --id ${meta.id} --sequences ${ourNames([spec.name])[0]} --header ${header} \\
        ${genome ? "--genome ${fasta}" : ''}
    """

    stub:
    """
    echo '{"dataset": "${meta.id}", "state": "ok", "reason": "", "advice": ""}' > ${meta.id}.explain.status.json
    touch ${meta.id}.explain.parquet
    echo '{}' > versions.json
    """
}

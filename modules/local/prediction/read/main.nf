include { asJson; linkGiven; ourNames } from '../../../../subworkflows/local/validate/given.nf'

// Reads the sequences to be predicted, cut to the length of the models; errors become a state.
process PREDICTION_READ {
    tag "${meta.id}"
    label 'process_low'

    input:
    // spec: what the user calls the file and the genome; shape: what tells the length; genome, indexes: for intervals, or []
    tuple val(meta), val(spec), path(sequences, stageAs: 'given/?'), path(shape), path(genome, stageAs: 'genome/given'), path(indexes, stageAs: 'genome/*')
    val code

    output:
    tuple val(meta), path("${meta.id}.predict.status.json"), emit: status
    tuple val(meta), path("${meta.id}.predict.parquet"), optional: true, emit: sequences
    tuple val("${task.process}"), path('versions.json'), topic: versions

    script:
    def fasta = [indexes].flatten().find { path -> path.name.endsWith('.fai') }.toString() - '.fai'
    """
    ${linkGiven([spec.name])}
    ${genome ? "ln -sf given ${fasta}" : ''}
    cat > spec.json <<'SPEC'
    ${asJson(spec)}
    SPEC
    read_explained.py --for predict --spec spec.json --id ${meta.id} --sequences ${ourNames([spec.name])[0]} --header ${shape} \\
        ${genome ? "--genome ${fasta}" : ''}
    """

    stub:
    """
    echo '{"dataset": "${meta.id}", "state": "ok", "reason": "", "advice": ""}' > ${meta.id}.predict.status.json
    touch ${meta.id}.predict.parquet
    echo '{}' > versions.json
    """
}

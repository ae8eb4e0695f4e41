include { asJson; linkGiven; ourNames } from '../../../../subworkflows/local/validate/given.nf'

// Reads the regions to be scanned for sites and checks them against the genome; errors become a state.
process HITS_READ {
    tag "${meta.id}"
    label 'process_low'

    input:
    // spec: what the user calls the file and the genome, or the word that stands for a file; genome, indexes: for intervals, or []
    tuple val(meta), val(spec), path(regions, stageAs: 'given/?'), path(dataset), path(genome, stageAs: 'genome/given'), path(indexes, stageAs: 'genome/*')
    val code

    output:
    tuple val(meta), path("${meta.id}.hits.status.json"), emit: status
    tuple val(meta), path("${meta.id}.hits_regions.parquet"), path("${meta.id}.hits_read.json"), optional: true, emit: regions
    tuple val(meta), path("${meta.id}.hits.fa"), optional: true, emit: sequences   // of what is no place in the genome
    tuple val("${task.process}"), path('versions.json'), topic: versions

    script:
    def fasta = [indexes].flatten().find { path -> path.name.endsWith('.fai') }.toString() - '.fai'
    """
    ${spec.word ? '' : linkGiven([spec.name])}
    ${genome ? "ln -sf given ${fasta}" : ''}
    cat > spec.json <<'SPEC'
    ${asJson(spec)}
    SPEC
    read_hits.py --spec spec.json --id ${meta.id} --dataset ${dataset} \\
        ${spec.word ? '' : "--regions ${ourNames([spec.name])[0]}"} ${genome ? "--genome ${fasta}" : ''}
    """

    stub:
    """
    echo '{"dataset": "${meta.id}", "state": "ok", "reason": "", "advice": ""}' > ${meta.id}.hits.status.json
    touch ${meta.id}.hits_regions.parquet ${meta.id}.hits_read.json
    echo '{}' > versions.json
    """
}

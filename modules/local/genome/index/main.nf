process GENOME_INDEX {
    tag "${genome.name}"
    label 'process_low'

    input:
    // genome: [name: as the user calls it, path: ...]; plain gzip is unpacked, plain and bgzip FASTA stay where they are
    tuple val(genome), path(fasta)
    val code

    output:
    tuple val(genome), path('genome.status.json'), emit: status
    tuple val(genome), path('unpacked/genome.fa', arity: '0..*'), path('{,unpacked/}*.{fai,gzi,sha256}', arity: '0..*'), emit: index
    tuple val("${task.process}"), path('versions.json'), topic: versions

    script:
    """
    mkdir unpacked
    cat > name.txt <<'NAME'
    ${genome.name}
    NAME
    index_genome.py --genome ${fasta} --name "\$(cat name.txt)" --out unpacked/genome.fa --status genome.status.json
    """

    stub:
    """
    touch ${fasta}.fai
    echo '{"dataset": "genome", "state": "ok", "reason": "", "advice": ""}' > genome.status.json
    echo '{}' > versions.json
    """
}

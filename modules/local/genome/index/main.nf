include { asJson; endingOf } from '../../../../subworkflows/local/validate/given.nf'

process GENOME_INDEX {
    label 'process_low'

    input:
    // genome: [name: as the user calls it, path: ...]; plain gzip is unpacked, plain and bgzip FASTA stay where they are
    tuple val(genome), path(fasta, stageAs: 'given/?')
    val code

    output:
    tuple val(genome), path('genome.status.json'), emit: status
    tuple val(genome), path('unpacked/genome.fa', arity: '0..*'), path('{,unpacked/}*.{fai,gzi,sha256}', arity: '0..*'), emit: index
    tuple val("${task.process}"), path('versions.json'), topic: versions

    script:
    def ours = "genome${endingOf(genome.name)}"
    """
    mkdir -p unpacked
    ln -sf ${fasta} ${ours}
    cat > names.json <<'NAMES'
    ${asJson([genome.name])}
    NAMES
    index_genome.py --genome ${ours} --names names.json --out unpacked/genome.fa --status genome.status.json
    """

    stub:
    """
    touch genome${endingOf(genome.name)}.fai
    echo '{"dataset": "genome", "state": "ok", "reason": "", "advice": ""}' > genome.status.json
    echo '{}' > versions.json
    """
}

include { asJson; linkGiven; ourNames } from '../../../../subworkflows/local/validate/given.nf'

// Reads the variants and checks them against the genome; errors become a state.
process VARIANTS_READ {
    tag "${meta.id}"
    label 'process_low'
    publishDir path: { "${params.outdir}/${meta.id}/data" }, mode: params.publish_dir_mode, overwrite: params.publish_dir_mode.startsWith('copy') ? 'deep' : null, pattern: '*.variants_left_out.tsv'

    input:
    // spec: what the user calls the file and the genome, and the offsets of the windows
    tuple val(meta), val(spec), path(variants, stageAs: 'given/?'), path(header), path(genome, stageAs: 'genome/given'), path(indexes, stageAs: 'genome/*')
    val code

    output:
    tuple val(meta), path("${meta.id}.variants.status.json"), emit: status
    tuple val(meta), path("${meta.id}.variants.parquet"), path("${meta.id}.variants_read.json"), optional: true, emit: alleles
    tuple val(meta), path("${meta.id}.variants_left_out.tsv"), optional: true, emit: left
    tuple val("${task.process}"), path('versions.json'), topic: versions

    script:
    def fasta = [indexes].flatten().find { path -> path.name.endsWith('.fai') }.toString() - '.fai'
    """
    ${linkGiven([spec.name])}
    ln -sf given ${fasta}
    cat > spec.json <<'SPEC'
    ${asJson(spec)}
    SPEC
    read_variants.py --spec spec.json --id ${meta.id} --variants ${ourNames([spec.name])[0]} --header ${header} \\
        --genome ${fasta}
    """

    stub:
    """
    echo '{"dataset": "${meta.id}", "state": "ok", "reason": "", "advice": ""}' > ${meta.id}.variants.status.json
    touch ${meta.id}.variants.parquet ${meta.id}.variants_read.json ${meta.id}.variants_left_out.tsv
    echo '{}' > versions.json
    """
}

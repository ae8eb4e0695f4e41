include { asJson } from '../../../../subworkflows/local/validate/given.nf'

// Chooses the pairs of motifs to insert: those given, or of the two leading annotated units.
process COOPERATIVITY_PAIR {
    tag "${meta.id}"
    label 'process_single'
    publishDir path: { "${params.outdir}/${meta.id}/cooperativity" }, mode: params.publish_dir_mode, overwrite: params.publish_dir_mode.startsWith('copy') ? 'deep' : null, pattern: '*.tsv'

    input:
    // files: final units of the models that can be read, and the motifs of their best replicates; or none
    tuple val(meta), val(options), path(known), path(files, stageAs: 'inputs/*')
    val code

    output:
    tuple val(meta), path("${meta.id}.cooperativity_pairs.tsv"), emit: pairs
    tuple val("${task.process}"), path('versions.json'), topic: versions

    script:
    """
    mkdir -p inputs
    cat > options.json <<'OPTIONS'
    ${asJson(options)}
    OPTIONS
    cooperativity_sites.py --id ${meta.id} --known ${known} --files inputs --options options.json
    """

    stub:
    """
    touch ${meta.id}.cooperativity_pairs.tsv
    echo '{}' > versions.json
    """
}

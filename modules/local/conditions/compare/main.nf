include { asJson } from '../../../../subworkflows/local/validate/given.nf'

// Tests which motifs differ between the conditions of an experiment; the samples are the observations.
process CONDITIONS_COMPARE {
    tag "${meta.id}"
    label 'process_low'
    ext bytes: { dataset.size() }
    publishDir path: { "${params.outdir}/${meta.dataset}/${meta.model}/conditions" }, mode: params.publish_dir_mode, overwrite: params.publish_dir_mode.startsWith('copy') ? 'deep' : null, pattern: '*.tsv'

    input:
    // options: with the samples; outputs: of all replicates
    tuple val(meta), val(options), path(outputs, stageAs: 'outputs/*'), path(evidence), path(dataset), path(known)
    val code

    output:
    tuple val(meta), path("${meta.id}.condition*.tsv"), emit: tables
    tuple val("${task.process}"), path('versions.json'), topic: versions

    script:
    """
    cat > options.json <<'OPTIONS'
    ${asJson(options)}
    OPTIONS
    compare_conditions.py --id ${meta.id} --dataset ${dataset} --outputs outputs/*.npz --evidence ${evidence} \\
        --known ${known} --options options.json
    """

    stub:
    """
    touch ${meta.id}.conditions.tsv ${meta.id}.condition_slopes.tsv
    echo '{}' > versions.json
    """
}

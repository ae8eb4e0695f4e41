include { asJson } from '../../../../subworkflows/local/validate/given.nf'
include { environmentOf } from '../../../../subworkflows/local/validate/environment.nf'

// Predictions of the best replicate of a model for pairs of motifs in random sequences, at every distance.
process COOPERATIVITY_MEASURE {
    tag "${meta.id}"
    label 'process_low'
    ext environment: { environmentOf(meta, options) }, bytes: { dataset.size() }
    publishDir path: { "${params.outdir}/${meta.dataset}/${meta.model}/cooperativity" }, mode: params.publish_dir_mode, overwrite: params.publish_dir_mode.startsWith('copy') ? 'deep' : null, pattern: '*.tsv'

    input:
    tuple val(meta), val(options), path(model), path(dataset), path(pairs)
    val code

    output:
    tuple val(meta), path("${meta.id}.cooperativity*.tsv"), emit: measured
    tuple val("${task.process}"), path('versions.json'), topic: versions

    script:
    """
    cat > options.json <<'OPTIONS'
    ${asJson(options)}
    OPTIONS
    cooperativity.py --id ${meta.id} --model ${model} \\
        --dataset ${dataset} --pairs ${pairs} --options options.json --threads ${task.cpus} \\
        ${options.trust_programs ? '--trust-programs' : ''}
    """

    stub:
    """
    touch ${meta.id}.cooperativity{,_verdict}.tsv
    echo '{}' > versions.json
    """
}

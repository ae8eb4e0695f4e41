include { asJson } from '../../../../subworkflows/local/validate/given.nf'
include { environmentOf } from '../../../../subworkflows/local/validate/environment.nf'

// Change of the predictions when one filter of a network, or one unit of ExplaiNN, is nullified.
process MODEL_NULLIFY {
    tag "${meta.id}"
    label 'process_medium'
    ext environment: { environmentOf(meta, options) }, bytes: { dataset.size() }
    publishDir path: { "${params.outdir}/${meta.dataset}/${meta.model}" }, mode: params.publish_dir_mode, overwrite: params.publish_dir_mode.startsWith('copy') ? 'deep' : null, pattern: '*.tsv'

    input:
    tuple val(meta), val(options), path(model), path(dataset), path(predictions)
    val code

    output:
    tuple val(meta), path("${meta.id}.nullification.tsv"), emit: influence
    tuple val("${task.process}"), path('versions.json'), topic: versions

    script:
    """
    cat > options.json <<'OPTIONS'
    ${asJson(options)}
    OPTIONS
    nullify.py --model ${model} --dataset ${dataset} --predictions ${predictions} \\
        --options options.json --id ${meta.id} --threads ${task.cpus}
    """

    stub:
    """
    touch ${meta.id}.nullification.tsv
    echo '{}' > versions.json
    """
}

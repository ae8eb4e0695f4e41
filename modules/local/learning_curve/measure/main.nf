include { asJson } from '../../../../subworkflows/local/validate/given.nf'
include { environmentOf } from '../../../../subworkflows/local/validate/environment.nf'

// Trains ExplaiNN on parts of a data set, to estimate the gain from more data.
process LEARNING_CURVE_MEASURE {
    tag "${meta.id}"
    label 'process_medium'
    ext environment: { environmentOf(meta, options) }, bytes: { dataset.size() }
    publishDir path: { "${params.outdir}/${meta.id}/data" }, mode: params.publish_dir_mode, overwrite: params.publish_dir_mode.startsWith('copy') ? 'deep' : null, pattern: '*.learning_curve.*'

    input:
    // meta: [id: 'oct4', torch: whether ExplaiNN needs it]; options: of its training
    tuple val(meta), val(options), path(dataset)
    val code

    output:
    tuple val(meta), path("${meta.id}.learning_curve.{tsv,json}"), emit: curve
    tuple val("${task.process}"), path('versions.json'), topic: versions

    script:
    """
    cat > options.json <<'OPTIONS'
    ${asJson(options)}
    OPTIONS
    learning_curve.py --id ${meta.id} --options options.json --threads ${task.cpus} --dataset ${dataset}
    """

    stub:
    """
    touch ${meta.id}.learning_curve.{tsv,json}
    echo '{}' > versions.json
    """
}

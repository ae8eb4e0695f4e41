include { asJson } from '../../../../subworkflows/local/validate/given.nf'
include { environmentOf } from '../../../../subworkflows/local/validate/environment.nf'

process UNITS_DRIFT {
    tag "${meta.id}"
    label 'process_single'
    ext environment: { environmentOf(meta, options) }
    publishDir path: { "${params.outdir}/${meta.dataset}/${meta.model}/motifs" }, mode: params.publish_dir_mode, overwrite: params.publish_dir_mode.startsWith('copy') ? 'deep' : null, pattern: '*.tsv'

    input:
    tuple val(meta), val(options), path(model), path(motifs), path(units), path(initial)
    val code

    output:
    tuple val(meta), path("${meta.id}.drift.tsv"), emit: drift
    tuple val("${task.process}"), path('versions.json'), topic: versions

    script:
    """
    cat > options.json <<'OPTIONS'
    ${asJson(options)}
    OPTIONS
    drift_units.py --model ${model} --units ${units} --motifs ${motifs} --initial ${initial} \\
        --options options.json --id ${meta.id}
    """

    stub:
    """
    touch ${meta.id}.drift.tsv
    echo '{}' > versions.json
    """
}

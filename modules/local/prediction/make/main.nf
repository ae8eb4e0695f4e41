include { asJson } from '../../../../subworkflows/local/validate/given.nf'
include { environmentOf } from '../../../../subworkflows/local/validate/environment.nf'

// Predicts a user's sequences with all models of a data set.
process PREDICTION_MAKE {
    tag "${meta.id}"
    label 'process_medium'
    label 'process_gpu'
    ext environment: { environmentOf(meta, options) }
    publishDir path: { "${params.outdir}/${meta.id}" }, mode: params.publish_dir_mode, overwrite: params.publish_dir_mode.startsWith('copy') ? 'deep' : null, pattern: '*.predicted.{parquet,tsv}', saveAs: { name -> name.replace("${meta.id}.predicted", 'predictions') }

    input:
    // meta: [id: 'oct4', torch: whether a model needs it]; files: models, their calibrations (of old runs predictions), the data set
    tuple val(meta), val(options), path(files, stageAs: 'results/*'), path(sequences)
    val code

    output:
    tuple val(meta), path("${meta.id}.predicted.json")         , emit: summary
    tuple val(meta), path("${meta.id}.predicted.{parquet,tsv}"), emit: predictions
    tuple val("${task.process}"), path('versions.json'), topic: versions

    script:
    """
    cat > options.json <<'OPTIONS'
    ${asJson(options)}
    OPTIONS
    predict.py --id ${meta.id} --options options.json --threads ${task.cpus} --files results/* --sequences ${sequences}
    """

    stub:
    """
    touch ${meta.id}.predicted.{json,parquet,tsv}
    echo '{}' > versions.json
    """
}

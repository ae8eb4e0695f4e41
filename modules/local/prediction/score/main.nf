include { asJson } from '../../../../subworkflows/local/validate/given.nf'
include { environmentOf } from '../../../../subworkflows/local/validate/environment.nf'

// Predicts and scores a new data set with all models of a data set of an earlier run.
process PREDICTION_SCORE {
    tag "${meta.id}"
    label 'process_medium'
    label 'process_gpu'
    ext environment: { environmentOf(meta, options) }, bytes: { dataset.size() }
    publishDir path: { "${params.outdir}/${meta.dataset}/by_${meta.of}" }, mode: params.publish_dir_mode, overwrite: params.publish_dir_mode.startsWith('copy') ? 'deep' : null, pattern: '*.predicted.{parquet,tsv}', saveAs: { name -> name.replace("${meta.id}.predicted", 'predictions') }

    input:
    // meta: [id: 'new.by_oct4', dataset: 'new', of: 'oct4', torch: whether a model needs it]; files: models, their calibrations, their data set
    tuple val(meta), val(options), path(files, stageAs: 'results/*'), path(dataset, stageAs: 'new/*')
    val code

    output:
    tuple val(meta), path("${meta.id}.new_data.json")                           , emit: scores
    tuple val(meta), path("${meta.id}.predicted.{parquet,tsv}"), optional: true , emit: predictions
    tuple val("${task.process}"), path('versions.json'), topic: versions

    script:
    """
    cat > options.json <<'OPTIONS'
    ${asJson(options)}
    OPTIONS
    score_predictions.py --id ${meta.of} --prefix ${meta.id} --options options.json --threads ${task.cpus} \\
        --files results/* --dataset ${dataset}
    """

    stub:
    """
    touch ${meta.id}.new_data.json ${meta.id}.predicted.{parquet,tsv}
    echo '{}' > versions.json
    """
}

include { asJson; linkGiven; ourNames } from '../../../../subworkflows/local/validate/given.nf'
include { environmentOf } from '../../../../subworkflows/local/validate/environment.nf'

// Trains and evaluates one model, in one task, since starting another takes longer than most evaluations.
process MODEL_TRAIN {
    tag "${meta.id}"
    label 'process_medium'
    label 'process_gpu'
    ext environment: { environmentOf(meta, options) }, bytes: { dataset.size() }
    publishDir path: { "${params.outdir}/${meta.dataset}/${meta.model}" }, mode: params.publish_dir_mode, overwrite: params.publish_dir_mode.startsWith('copy') ? 'deep' : null, pattern: '*.{safetensors,tsv,parquet,diverged.json,calibration.json}'

    input:
    // meta: [id: 'oct4.explainn.r1', dataset: 'oct4', assay: 'sequences', model: 'explainn', replicate: 1]
    // initial: profiles that the filters start from, or []; pretrained: models whose outputs are the units, or [], and what the user calls them
    tuple val(meta), val(options), path(dataset), path(initial), val(names), path(pretrained, stageAs: 'given/?')
    val code

    output:
    // What diverges gives no model, and says why: a result, which the other runs are not touched by.
    tuple val(meta), path("${meta.id}.model.safetensors") , emit: model   , optional: true
    tuple val(meta), path("${meta.id}.history.tsv")       , emit: history , optional: true
    tuple val(meta), path("${meta.id}.{timing,model}.tsv"), emit: timing  , optional: true   // seconds; the number of parameters and the kernel
    tuple val(meta), path("${meta.id}.predictions.parquet"), emit: predictions, optional: true
    tuple val(meta), path("${meta.id}.metrics.tsv")       , emit: metrics , optional: true
    tuple val(meta), path("${meta.id}.calibration.json")  , emit: calibration, optional: true
    tuple val(meta), path("${meta.id}.diverged.json")     , emit: diverged, optional: true
    tuple val("${task.process}"), path('versions.json'), topic: versions

    script:
    """
    cat > options.json <<'OPTIONS'
    ${asJson(options)}
    OPTIONS
    cat > names.json <<'NAMES'
    ${asJson(names)}
    NAMES
    ${linkGiven(names)}
    train.py --dataset ${dataset} --options options.json --id ${meta.id} --threads ${task.cpus} --evaluate \\
        ${initial ? "--initial ${initial}" : ''} ${names ? "--names names.json --pretrained ${ourNames(names).join(' ')}" : ''}
    """

    stub:
    """
    touch ${meta.id}.model.safetensors ${meta.id}.{history,timing,model,metrics}.tsv ${meta.id}.predictions.parquet ${meta.id}.calibration.json
    echo '{}' > versions.json
    """
}

include { asJson } from '../../../../subworkflows/local/validate/given.nf'
include { environmentOf } from '../../../../subworkflows/local/validate/environment.nf'

process UNITS_INTERPRET {
    tag "${meta.id}"
    label 'process_low'
    ext environment: { environmentOf(meta, options) }, bytes: { dataset.size() }
    publishDir path: { "${params.outdir}/${meta.dataset}/${meta.model}/motifs" }, mode: params.publish_dir_mode, overwrite: params.publish_dir_mode.startsWith('copy') ? 'deep' : null, pattern: '*.{tsv,parquet,meme,jaspar,transfac,homer}'

    input:
    tuple val(meta), val(options), path(model), path(dataset), path(predictions)
    val code

    output:
    tuple val(meta), path("${meta.id}.units.meme")         , emit: meme
    tuple val(meta), path("${meta.id}.{units.tsv,effects.tsv,pwms.tsv,reestimated.meme}"), emit: tables   // the last two not with recipe paper
    tuple val(meta), path("${meta.id}.importances.parquet"), emit: importances
    tuple val(meta), path("${meta.id}.outputs.npz")        , emit: outputs   // not published: of every sequence
    path "${meta.id}.units.{jaspar,transfac,homer}"
    path "${meta.id}.well_predicted.tsv"
    tuple val("${task.process}"), path('versions.json'), topic: versions

    script:
    """
    cat > options.json <<'OPTIONS'
    ${asJson(options)}
    OPTIONS
    interpret.py --model ${model} --dataset ${dataset} --predictions ${predictions} \\
        --options options.json --id ${meta.id} --threads ${task.cpus}
    """

    stub:
    """
    touch ${meta.id}.{units,effects,well_predicted,pwms}.tsv ${meta.id}.units.{meme,jaspar,transfac,homer} ${meta.id}.reestimated.meme ${meta.id}.importances.parquet ${meta.id}.outputs.npz
    echo '{}' > versions.json
    """
}

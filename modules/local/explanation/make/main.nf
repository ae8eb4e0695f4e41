include { asJson } from '../../../../subworkflows/local/validate/given.nf'
include { environmentOf } from '../../../../subworkflows/local/validate/environment.nf'

// Splits each prediction of the best replicate over units, and the effect of each mutation over motifs.
process EXPLANATION_MAKE {
    tag "${meta.id}"
    label 'process_low'
    ext environment: { environmentOf(meta, options) }
    publishDir path: { "${params.outdir}/${meta.dataset}/${meta.model}/explained" }, mode: params.publish_dir_mode, overwrite: params.publish_dir_mode.startsWith('copy') ? 'deep' : null, pattern: '*.{tsv,svg,parquet,bed,npz}'

    input:
    // units: of this replicate; named: what the units are called; rows: the rows of motifs that they are in
    tuple val(meta), val(options), path(model), path(units, stageAs: 'own/*'), path(named), path(rows, stageAs: 'rows/*'), path(sequences)
    val code

    output:
    tuple val(meta), path("${meta.id}.{explained.tsv,explained_*.svg,mutagenesis_*.svg}"), emit: shown
    tuple val(meta), path("${meta.id}.explained.parquet")              , emit: contributions
    tuple val(meta), path("${meta.id}.hits.bed")                       , emit: hits
    tuple val(meta), path("${meta.id}.mutagenesis.npz")                , emit: mutagenesis
    tuple val("${task.process}"), path('versions.json'), topic: versions

    script:
    """
    cat > options.json <<'OPTIONS'
    ${asJson(options)}
    OPTIONS
    explain.py --id ${meta.id} --options options.json --threads ${task.cpus} \\
        --model ${model} --units ${units} \\
        --named ${named} --rows ${rows} --sequences ${sequences}
    """

    stub:
    """
    touch ${meta.id}.explained.{tsv,parquet} ${meta.id}.hits.bed ${meta.id}.mutagenesis.npz
    echo '{}' > versions.json
    """
}

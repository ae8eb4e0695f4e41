// How well the motif of each unit of an HT-SELEX model separates the last cycle from the first.
process UNITS_SCORE_CYCLES {
    tag "${meta.id}"
    label 'process_low'
    publishDir path: { "${params.outdir}/${meta.dataset}/${meta.model}/motifs" }, mode: params.publish_dir_mode, overwrite: params.publish_dir_mode.startsWith('copy') ? 'deep' : null, pattern: '*.tsv'

    input:
    tuple val(meta), path(meme), path(dataset)
    val code

    output:
    tuple val(meta), path("${meta.id}.cycles.tsv"), emit: scores
    tuple val("${task.process}"), path('versions.json'), topic: versions

    script:
    """
    score_cycles.py --units ${meme} --dataset ${dataset} --id ${meta.id}
    """

    stub:
    """
    touch ${meta.id}.cycles.tsv
    echo '{}' > versions.json
    """
}
